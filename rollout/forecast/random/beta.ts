import { nextChance } from "./stream.ts";
import type { Xoshiro128 } from "./xoshiro128.ts";

/** A rate from the distribution Beta(a, b), by two gamma variates. */
export function betaVariate(random: Xoshiro128, a: number, b: number): number {
  const one = gammaVariate(random, a);
  const other = gammaVariate(random, b);
  // Shapes far below 1 may leave nothing of either.
  return one + other > 0 ? one / (one + other) : nextChance(random) < a / (a + b) ? 1 : 0;
}

/** A variate of the gamma distribution [Marsaglia & Tsang 2000, "A simple method for generating gamma variables"]. */
function gammaVariate(random: Xoshiro128, shape: number): number {
  if (shape < 1) return gammaVariate(random, shape + 1) * nextChance(random) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalVariate(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(nextChance(random)) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** A standard normal variate [Box & Muller 1958]; the other one of the pair is not kept. */
function normalVariate(random: Xoshiro128): number {
  return Math.sqrt(-2 * Math.log(nextChance(random))) * Math.cos(2 * Math.PI * nextChance(random));
}
