import { requireChance, requireCount } from "../require-argument.ts";

/** A fixed rule: stop at the first device after which more than a share of at least so many finished ones has failed. */
export interface NaiveGate {
  readonly threshold: number;
  readonly minFinished: number;
}

/** Exact chance that a fixed rule, looked at after every device, ever stops within so many, by dynamic programming. */
export function naiveStopChance(
  { threshold, minFinished }: NaiveGate,
  { rate, devices }: { readonly rate: number; readonly devices: number },
): number {
  requireChance("threshold", threshold);
  requireCount("minFinished", minFinished, 1);
  requireChance("rate", rate);
  requireCount("devices", devices);
  // By number of failures so far: the chance to be there and not have stopped.
  let going = new Float64Array([1]);
  let stopped = 0;
  for (let n = 1; n <= devices; n++) {
    const stopsFrom = n < minFinished ? n + 1 : leastAbove(threshold, n);
    const next = new Float64Array(Math.min(going.length + 1, stopsFrom));
    for (let k = 0; k <= going.length; k++) {
      const chance = (going[k] ?? 0) * (1 - rate) + (going[k - 1] ?? 0) * rate;
      if (k < stopsFrom) next[k] = chance;
      else stopped += chance;
    }
    going = next;
  }
  return stopped;
}

/** Least k with k/n above the threshold, in the arithmetic of whoever writes such a rule. */
function leastAbove(threshold: number, n: number): number {
  let k = Math.floor(threshold * n);
  while (k / n <= threshold) k++;
  return k;
}
