import { betaVariate } from "./random/beta.ts";
import type { Xoshiro128 } from "./random/xoshiro128.ts";
import { DEFECTS, type Truth } from "./truth.ts";

/**
 * The chances of each stratum's defects in one rollout, in the order of `DEFECTS`: those of the truth, or drawn around them
 * site by site, from a stream of random numbers for each stratum.
 */
export function drawnRates(
  { rates, correlated }: Truth,
  randoms: readonly Xoshiro128[],
): readonly (readonly number[])[] {
  return rates.map((own, stratum) => {
    const chances = DEFECTS.map((defect) => own[defect]);
    const total = chances.reduce((sum, chance) => sum + chance, 0);
    const random = randoms[stratum];
    if (correlated === undefined || total === 0 || total >= 1 || random === undefined) return chances;
    const weight = (1 - correlated.icc) / correlated.icc;
    let sum = 0;
    for (let site = 0; site < correlated.sites; site++)
      sum += betaVariate(random, total * weight, (1 - total) * weight);
    return chances.map((chance) => (chance * sum) / (correlated.sites * total));
  });
}
