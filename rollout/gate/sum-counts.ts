import type { StratumCounts } from "../model/stratum-counts.ts";

/** Counts of a stratum of which no device made contact. */
export const NOBODY: StratumCounts = { ok: 0, failed: 0, unresolved: 0, most: 0, silent: 0, strays: 0 };

/** Counts of several strata together. */
export function sumCounts(counts: Iterable<StratumCounts>): StratumCounts {
  let sum = NOBODY;
  for (const one of counts)
    sum = {
      ok: sum.ok + one.ok,
      failed: sum.failed + one.failed,
      unresolved: sum.unresolved + one.unresolved,
      most: sum.most + one.most,
      silent: sum.silent + one.silent,
      strays: sum.strays + one.strays,
    };
  return sum;
}
