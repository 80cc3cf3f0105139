import { requireChance, requireCount, requireCounts } from "../require-argument.ts";
import { betaQuantile } from "./beta-quantile.ts";
import type { Interval } from "./interval.ts";

/** Bad devices among those looked at once, and how sure to be. */
export interface OneLook {
  readonly k: number;
  readonly n: number;
  readonly conf: number;
}

/** Two-sided exact interval of k of n, equal tails [Clopper & Pearson 1934]: a promise at ONE look that was planned. */
export function clopperPearson({ k, n, conf }: OneLook): Interval {
  const oneSided = { k, n, conf: 0.5 + conf / 2 };
  return { lower: clopperPearsonLower(oneSided), upper: clopperPearsonUpper(oneSided) };
}

/** One-sided exact upper bound; of no bad device 1 - (1-conf)^(1/n), about 3/n at 95%. */
export function clopperPearsonUpper({ k, n, conf }: OneLook): number {
  check({ k, n, conf });
  return k === n ? 1 : betaQuantile({ p: conf, a: k + 1, b: n - k });
}

/** One-sided exact lower bound. */
export function clopperPearsonLower({ k, n, conf }: OneLook): number {
  check({ k, n, conf });
  return k === 0 ? 0 : betaQuantile({ p: 1 - conf, a: k, b: n - k + 1 });
}

function check({ k, n, conf }: OneLook): void {
  requireCount("n", n, 1);
  requireCounts({ k, n });
  requireChance("conf", conf);
}
