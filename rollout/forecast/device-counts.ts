/** Add to one count of many. */
export function addTo(counts: Int32Array, index: number, amount: number): void {
  counts[index] = (counts[index] ?? 0) + amount;
}

/** Length of a ring that holds at least `least` looks: a power of two, so that a look's place is a mask away. */
export function ringLength(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, least)));
}
