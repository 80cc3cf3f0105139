/** Exact chance that "more than 5% of at least 20 devices failed" holds after any of so many devices. */
export function naiveStop(rate: number, total: number): number {
  let going = [1];
  let stopped = 0;
  for (let n = 1; n <= total; n++) {
    going = Array.from({ length: going.length + 1 }, (_, k) => {
      const chance = (going[k] ?? 0) * (1 - rate) + (going[k - 1] ?? 0) * rate;
      if (n < 20 || k / n <= 0.05) return chance;
      stopped += chance;
      return 0;
    });
  }
  return stopped;
}
