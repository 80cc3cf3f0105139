import { betaTails } from "../beta-tails.ts";
import { logBetaRatio, type BetaShapes } from "../log-beta-ratio.ts";
import { requireChance, requireShape } from "../require-argument.ts";

/** Beyond these log-odds a double holds no chance between 0 and 1. */
const LEAST_LOG_ODDS = -700;
const MOST_LOG_ODDS = 36;
const MOST_STEPS = 200;

/**
 * The x below which a share p of Beta(a, b) lies: I_x(a, b) = p. Newton's steps on the logarithm of the smaller tail over
 * the log-odds of x: on that scale the distribution is log-concave, so the steps cannot run away from the root.
 */
export function betaQuantile({ p, a, b }: BetaShapes & { readonly p: number }): number {
  requireShape("a", a);
  requireShape("b", b);
  requireChance("p", p);
  const isLower = p <= 0.5;
  const target = isLower ? Math.log(p) : Math.log1p(-p);
  let logOdds = Math.log(a) - Math.log(b);
  let x = a / (a + b);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { logLower, logUpper } = betaTails({ a, b, x });
    const tail = isLower ? logLower : logUpper;
    const slope = Math.exp(-logBetaRatio({ a, b, x }) - tail);
    const change = ((isLower ? 1 : -1) * (target - tail)) / slope;
    const next = Math.min(MOST_LOG_ODDS, Math.max(LEAST_LOG_ODDS, logOdds + change));
    const before = x;
    logOdds = next;
    x = 1 / (1 + Math.exp(-logOdds));
    if (Math.abs(x - before) <= 4 * Number.EPSILON * x) return x;
  }
  return x;
}
