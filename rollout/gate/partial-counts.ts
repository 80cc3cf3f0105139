import { ownValue } from "../model/own-value.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";
import type { Counts } from "./counts.ts";
import { NOBODY } from "./sum-counts.ts";

/**
 * Counts to judge by while a hub or a query did not answer. Failures that were not counted only make the evidence
 * weaker, but so much cannot be said of the rest:
 * - the outcomes of devices that were not counted would look like silence, so nobody counts as silent;
 * - their contacts would be missing below the line, so everyone the wave aims at is taken to have made contact.
 * So nothing is stopped by a part that the whole would not stop. (Devices that nobody had seen for `activeWithin` when
 * the wave opened are not among those aimed at; were all new contacts of the missing part such, it could not be said.)
 */
export function partialCounts(counts: Counts, targeted: Readonly<Record<string, number>>): Counts {
  const bounded = (view: ReadonlyMap<string, StratumCounts>): ReadonlyMap<string, StratumCounts> => {
    const strata = new Set([...view.keys(), ...Object.keys(targeted)]);
    return new Map(
      [...strata].sort().map((stratum) => {
        const known = view.get(stratum) ?? NOBODY;
        const aimedAt = ownValue(targeted, stratum) ?? 0;
        return [stratum, { ...known, silent: 0, strays: 0, most: Math.max(known.most, aimedAt) }];
      }),
    );
  };
  return { cumulative: bounded(counts.cumulative), wave: bounded(counts.wave) };
}
