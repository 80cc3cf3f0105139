import type { BetaShapes } from "../log-beta-ratio.ts";
import { mixtureLogE } from "../mixture-log-e.ts";
import { requireChance, requireCounts } from "../require-argument.ts";
import type { Interval } from "./interval.ts";

/** Log-odds from which a lower end is searched: a double holds hardly less. */
const START_LOG_ODDS = -600;
const MOST_STEPS = 200;

/**
 * All rates that the beta-binomial mixture does not rule out at level alpha, { p : M(p) < 1/alpha }: a confidence
 * sequence, so that the chance that it EVER misses the rate, at whatever look, is at most alpha [Robbins 1970; Howard et
 * al. 2021]. Devices whose outcome is open may be read either way: ends move in the direction of k.
 */
export function confidenceSequence({
  k,
  n,
  alpha,
  a,
  b,
}: BetaShapes & { readonly k: number; readonly n: number; readonly alpha: number }): Interval {
  requireCounts({ k, n });
  requireChance("alpha", alpha);
  return {
    lower: lowerEnd({ k, n, alpha, a, b }),
    upper: 1 - lowerEnd({ k: n - k, n, alpha, a: b, b: a }),
  };
}

/**
 * The least rate that is not ruled out. Over the log-odds of p the logarithm of the mixture is convex and falls until
 * p = k/n, where it is at most 0, so Newton's steps from far below rise to the root and never pass it.
 */
function lowerEnd({
  k,
  n,
  alpha,
  a,
  b,
}: BetaShapes & { readonly k: number; readonly n: number; readonly alpha: number }): number {
  if (k === 0) return 0;
  let logOdds = START_LOG_ODDS;
  let p = Math.exp(logOdds);
  for (let step = 0; step < MOST_STEPS; step++) {
    const excess = mixtureLogE({ k, n, p, a, b }) + Math.log(alpha);
    const before = p;
    logOdds += excess / (k - n * p);
    p = 1 / (1 + Math.exp(-logOdds));
    if (p - before <= 2 * Number.EPSILON * p) return before;
  }
  return p;
}
