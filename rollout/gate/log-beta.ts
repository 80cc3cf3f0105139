import { stirlingError } from "./log-gamma.ts";
import { requireShape } from "./require-argument.ts";

/** Arguments of the beta function. */
export interface BetaShapes {
  readonly a: number;
  readonly b: number;
}

/**
 * ln B(a, b) = ln Γ(a) + ln Γ(b) - ln Γ(a+b) [NIST DLMF 5.12.1], with the large terms of Stirling's formula cancelled
 * on paper: what is left to add are numbers of the size of the result.
 */
export function logBeta({ a, b }: BetaShapes): number {
  requireShape("a", a);
  requireShape("b", b);
  const sum = a + b;
  return (
    -a * Math.log1p(b / a) -
    b * Math.log1p(a / b) +
    0.5 * Math.log((2 * Math.PI * sum) / a / b) +
    logBetaError({ a, b })
  );
}

/** The part of ln B(a, b) that Stirling's formula misses. */
export function logBetaError({ a, b }: BetaShapes): number {
  return stirlingError(a) + stirlingError(b) - stirlingError(a + b);
}
