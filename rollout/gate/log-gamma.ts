import { requireShape } from "./require-argument.ts";

const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
/** From here on eight terms of Stirling's series are exact to the last bit; below, the recurrence lifts the argument. */
const STIRLING_FROM = 15;
/** B(2j) / (2j (2j-1)), j = 1..8 [NIST DLMF 5.11.1]. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];

/** ln Γ(x) for x > 0: Stirling's series [NIST DLMF 5.11.1], lifted by Γ(x+1) = x Γ(x) [5.5.1] where x is small. */
export function logGamma(x: number): number {
  requireShape("x", x);
  let factor = 1;
  let lifted = x;
  for (; lifted < STIRLING_FROM; lifted++) factor *= lifted;
  return stirling(lifted) + series(lifted) - Math.log(factor);
}

/**
 * What Stirling's formula misses: ln Γ(x) - ((x - 1/2) ln x - x + ln √(2π)). Kept apart because the large terms of a
 * beta function cancel on paper and must not be computed at all [Loader 2000, "Fast and accurate computation of
 * binomial probabilities", stirlerr].
 */
export function stirlingError(x: number): number {
  return x < STIRLING_FROM ? logGamma(x) - stirling(x) : series(x);
}

function stirling(x: number): number {
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_2PI;
}

function series(x: number): number {
  const inverseSquare = 1 / (x * x);
  return STIRLING.reduceRight((sum, coefficient) => sum * inverseSquare + coefficient, 0) / x;
}
