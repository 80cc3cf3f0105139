import type { Reason } from "../model/verdict.ts";
import type { WatchedInput } from "./gate-input.ts";

/** The reason to stop that the absolute number of failed and silent devices gives, in all strata, known at the start or not. */
export function harmCapReason({ gate, counts }: Pick<WatchedInput, "gate" | "counts">): Reason | undefined {
  const all = counts.cumulative.values().toArray();
  const failed = all.reduce((sum, stratum) => sum + stratum.failed, 0);
  const silent = all.reduce((sum, stratum) => sum + stratum.silent, 0);
  const k = failed + silent;
  if (k < gate.harmCap) return undefined;
  const n = all.reduce((sum, { most }) => sum + most, 0);
  const text = `${failed} failed and ${silent} silent devices: the harm cap is ${gate.harmCap}`;
  return { code: "HARM_CAP", view: "cumulative", k, n, text };
}
