import { requireChance } from "../require-argument.ts";

/** From here on the continued fraction is the shorter way to a tail. */
const FRACTION_FROM = 2;
/** Steps that bring the fraction to the last bit at 2, where it converges slowest. */
const FRACTION_STEPS = 250;
/** Far more than it takes to the last bit, at which steps may go to and fro. */
const MOST_STEPS = 60;

/**
 * ln P(Z > x) of a standard normal Z: a series near 0 [Marsaglia 2004, "Evaluating the Normal Distribution"], Laplace's
 * continued fraction beyond [Abramowitz & Stegun 26.2.14], as a logarithm so that no tail is too small to tell.
 */
export function logNormalUpperTail(x: number): number {
  if (x >= FRACTION_FROM) {
    let fraction = x;
    for (let step = FRACTION_STEPS; step >= 1; step--) fraction = x + step / fraction;
    return logDensity(x) - Math.log(fraction);
  }
  if (x <= -FRACTION_FROM) return Math.log1p(-Math.exp(logNormalUpperTail(-x)));
  let term = x;
  let sum = x;
  for (let factor = 3; Math.abs(term) > Number.EPSILON * Math.abs(sum); factor += 2) {
    term *= (x * x) / factor;
    sum += term;
  }
  return Math.log(0.5 - sum * Math.exp(logDensity(x)));
}

/**
 * The inverse of the standard normal distribution function. The logarithm of a tail is concave, so Newton's steps cannot
 * run away from it.
 */
export function normalQuantile(p: number): number {
  requireChance("p", p);
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0.5) return 0;
  const target = Math.log(p);
  let x = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const tail = logNormalUpperTail(x);
    const change = (tail - target) / Math.exp(logDensity(x) - tail);
    x += change;
    if (Math.abs(change) <= 4 * Number.EPSILON * Math.max(1, x)) break;
  }
  return -x;
}

function logDensity(x: number): number {
  return -0.5 * (x * x + Math.log(2 * Math.PI));
}
