import { logBetaRatio, type BetaShapes } from "./log-beta-ratio.ts";
import { requireShape } from "./require-argument.ts";

/**
 * ln B(a, b) = ln Γ(a) + ln Γ(b) - ln Γ(a+b) [NIST DLMF 5.12.1], from the ratio that every e-value is made of, taken at
 * the mean a/(a+b): there the large terms of Stirling's formula cancel on paper, and what is left to add are numbers of
 * the size of the result.
 */
export function logBeta({ a, b }: BetaShapes): number {
  requireShape("a", a);
  requireShape("b", b);
  return logBetaRatio({ a, b, x: a / (a + b) }) - a * Math.log1p(b / a) - b * Math.log1p(a / b);
}
