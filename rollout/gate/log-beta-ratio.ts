import { stirlingError } from "./log-gamma.ts";
import { requireChance, requireShape } from "./require-argument.ts";

/** Arguments of the beta function. */
export interface BetaShapes {
  readonly a: number;
  readonly b: number;
}

/**
 * ln ( B(a, b) / (x^a (1-x)^b) ): every e-value and both tails of the beta distribution are made of it. With a million
 * devices both logarithms are near -100,000 while their difference may be 3, so it is put together from deviances
 * instead [Loader 2000, "Fast and accurate computation of binomial probabilities"].
 */
export function logBetaRatio({ a, b, x }: BetaShapes & { readonly x: number }): number {
  requireShape("a", a);
  requireShape("b", b);
  requireChance("x", x);
  const sum = a + b;
  const deviances = deviance(a, sum * x) + deviance(b, sum * (1 - x));
  return deviances + 0.5 * Math.log((2 * Math.PI * sum) / a / b) + logBetaError({ a, b });
}

/** y ln(y/mean) + mean - y, never negative: Loader's bd0, by its series where y is near the mean. */
function deviance(y: number, mean: number): number {
  const difference = y - mean;
  const v = difference / (y + mean);
  if (Math.abs(v) > 0.1) return y * Math.log(y / mean) - difference;
  let sum = difference * v;
  let term = 2 * y * v;
  for (let j = 1; ; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) return sum;
    sum = next;
  }
}

/** The part of ln B(a, b) that Stirling's formula misses. */
function logBetaError({ a, b }: BetaShapes): number {
  return stirlingError(a) + stirlingError(b) - stirlingError(a + b);
}
