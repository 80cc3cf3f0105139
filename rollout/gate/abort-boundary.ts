import { leastInteger } from "./least-integer.ts";
import { logEAbort } from "./log-e-abort.ts";
import type { BetaShapes } from "./log-beta-ratio.ts";
import { requireChance, requireCount } from "./require-argument.ts";

/** Least k of n devices whose failure stops a release at level alpha; n + 1 when not even all of them would. */
export function abortBoundary({
  n,
  p0,
  alpha,
  a,
  b,
}: BetaShapes & { readonly n: number; readonly p0: number; readonly alpha: number }): number {
  requireCount("n", n);
  requireChance("alpha", alpha);
  return leastInteger(0, (k) => k > n || logEAbort({ k, n, p0, a, b }) >= -Math.log(alpha));
}
