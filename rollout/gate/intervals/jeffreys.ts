import { requireChance, requireCount, requireCounts } from "../require-argument.ts";
import { betaQuantile } from "./beta-quantile.ts";
import type { OneLook } from "./clopper-pearson.ts";
import type { Interval } from "./interval.ts";

/** Equal-tailed interval of k of n under Jeffreys' prior Beta(1/2, 1/2): a degree of belief, never a promise. */
export function jeffreys({ k, n, conf }: OneLook): Interval {
  requireCount("n", n, 1);
  requireCounts({ k, n });
  requireChance("conf", conf);
  const posterior = { a: k + 0.5, b: n - k + 0.5 };
  const tail = (1 - conf) / 2;
  return {
    lower: k === 0 ? 0 : betaQuantile({ p: tail, ...posterior }),
    upper: k === n ? 1 : betaQuantile({ p: 1 - tail, ...posterior }),
  };
}
