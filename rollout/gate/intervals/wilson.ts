import { requireChance, requireCount, requireCounts } from "../require-argument.ts";
import type { Interval } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

/**
 * Two-sided score interval of k of n, without continuity correction [Wilson 1927; Brown, Cai & DasGupta 2001]: for
 * display at ONE look. Of a rate that is watched it promises nothing (see `confidenceSequence`).
 */
export function wilson({
  k,
  n,
  conf,
}: {
  readonly k: number;
  readonly n: number;
  readonly conf: number;
}): Interval {
  requireCount("n", n, 1);
  requireCounts({ k, n });
  requireChance("conf", conf);
  const z = normalQuantile(0.5 + conf / 2);
  const rate = k / n;
  const scale = 1 + (z * z) / n;
  const centre = rate + (z * z) / (2 * n);
  const half = z * Math.sqrt((rate * (1 - rate)) / n + ((z / n) * (z / n)) / 4);
  return { lower: k === 0 ? 0 : (centre - half) / scale, upper: k === n ? 1 : (centre + half) / scale };
}
