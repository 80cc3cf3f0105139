import { logBetaRatio, type BetaShapes } from "./log-beta-ratio.ts";
import { requireShape } from "./require-argument.ts";

/** Both tails of a beta distribution, and what the e-values need of them, as logarithms. */
export interface BetaTails {
  /** ln I_x(a, b). */
  readonly logLower: number;
  /** ln (1 - I_x(a, b)). */
  readonly logUpper: number;
  /** ln of the integral of t^(a-1) (1-t)^(b-1) from 0 to x, over x^a (1-x)^b. */
  readonly scaledLower: number;
  /** The same from x to 1. */
  readonly scaledUpper: number;
}

/**
 * Both tails of the beta distribution at x, 0 < x < 1 [NIST DLMF 8.17]. One of them comes from a continued fraction,
 * the other is its complement. Scaled, the leading factor of the fraction's tail is 1 and is never computed: a tail of
 * e^-100,000 keeps its digits.
 */
export function betaTails({ a, b, x }: BetaShapes & { readonly x: number }): BetaTails {
  const logRatio = logBetaRatio({ a, b, x });
  // [NIST DLMF 8.17.22] converges fast below the mean; above it, I_x(a, b) = 1 - I_{1-x}(b, a) [8.17.4].
  if (x < (a + 1) / (a + b + 2)) {
    const scaledLower = Math.log(betaFraction({ a, b, x }) / a);
    const logLower = scaledLower - logRatio;
    const logUpper = logComplement(logLower);
    return { logLower, logUpper, scaledLower, scaledUpper: logUpper + logRatio };
  }
  const scaledUpper = Math.log(betaFraction({ a: b, b: a, x: 1 - x }) / b);
  const logUpper = scaledUpper - logRatio;
  const logLower = logComplement(logUpper);
  return { logLower, logUpper, scaledLower: logLower + logRatio, scaledUpper };
}

/** I_x(a, b), the distribution function of Beta(a, b), 0 ≤ x ≤ 1. */
export function betaCdf({ x, a, b }: BetaShapes & { readonly x: number }): number {
  requireShape("a", a);
  requireShape("b", b);
  if (x === 0 || x === 1) return x;
  return Math.exp(betaTails({ x, a, b }).logLower);
}

/** Steps are of the order of √(a+b): 2,000 at a million devices. */
const MOST_STEPS = 1_000_000;
/** Stands for a zero denominator, which Lentz's method must not divide by. */
const TINY = 1e-300;

/** The continued fraction of I_x(a, b), by the modified method of Lentz [Press et al., Numerical Recipes, 5.2 and 6.4]. */
function betaFraction({ a, b, x }: BetaShapes & { readonly x: number }): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MOST_STEPS; m++) {
    const even = ((m * (b - m)) / (a + 2 * m - 1) / (a + 2 * m)) * x;
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = ((-(a + m) * (a + b + m)) / (a + 2 * m) / (a + 2 * m + 1)) * x;
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) <= Number.EPSILON) return fraction;
  }
  throw new RangeError(`a = ${a}, b = ${b}, x = ${x}: the incomplete beta function did not converge`);
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** ln (1 - e^y) for y < 0, by whichever form keeps the digits [Mächler 2012, "Accurately computing log(1 - exp(-|a|))"]. */
function logComplement(y: number): number {
  return y > -Math.LN2 ? Math.log(-Math.expm1(y)) : Math.log1p(-Math.exp(y));
}
