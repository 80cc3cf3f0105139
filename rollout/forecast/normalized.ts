/** Weights that add up to 1; of weights that are all 0, the same. */
export function normalized(values: readonly number[]): number[] {
  const sum = values.reduce((all, value) => all + value, 0);
  return values.map((value) => (sum === 0 ? 0 : value / sum));
}
