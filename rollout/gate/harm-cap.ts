import type { Reason } from "../model/verdict.ts";
import type { WatchedInput } from "./gate-input.ts";
import { rateOf } from "./rate-of.ts";
import { sumCounts } from "./sum-counts.ts";

/** The reason to stop that the absolute number of failed and silent devices gives, in all strata, known at the start or not. */
export function harmCapReason(input: Pick<WatchedInput, "gate" | "counts" | "rates">): Reason | undefined {
  const { gate, counts } = input;
  const all = counts.cumulative.values().toArray();
  const { failed, silent, most: n } = sumCounts(all);
  const k = failed + silent;
  if (k < gate.harmCap) return undefined;
  const text = `${failed} failed and ${silent} silent devices: the harm cap is ${gate.harmCap}`;
  return { code: "HARM_CAP", view: "cumulative", k, n, ...rateOf(all, input), text };
}
