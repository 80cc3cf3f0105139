import { OTHER, type StratumCounts } from "../model/stratum-counts.ts";
import { sumCounts } from "./sum-counts.ts";

/** Counts of one view, by the strata that were frozen at the start. */
export interface FoldedCounts {
  /** Includes `other` when there are devices of strata unknown at the start. */
  readonly byStratum: ReadonlyMap<string, StratumCounts>;
  /** Names that were counted under `other`. */
  readonly unlisted: readonly string[];
}

/** Count strata that were not there at the start under `other`. */
export function foldStrata(
  counts: ReadonlyMap<string, StratumCounts>,
  strata: readonly string[],
): FoldedCounts {
  const byStratum = new Map<string, StratumCounts>();
  const unlisted: string[] = [];
  for (const [stratum, found] of counts) {
    const isListed = strata.includes(stratum);
    if (!isListed) unlisted.push(stratum);
    const name = isListed ? stratum : OTHER;
    const before = byStratum.get(name);
    byStratum.set(name, before === undefined ? found : sumCounts([before, found]));
  }
  return { byStratum, unlisted: unlisted.sort() };
}

/**
 * Strata that have a share of the budget to stop a good release. Devices of a stratum that came later are judged in
 * `other` if that had devices at the start. If not, no share is left for them, and testing them at somebody else's
 * would break the promise: only the harm cap (and the coverage) counts them, and the verdict says so.
 */
export function budgetedStrata(strata: readonly string[]): readonly string[] {
  return strata.length === 0 ? [OTHER] : strata;
}
