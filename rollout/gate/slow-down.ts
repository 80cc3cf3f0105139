import type { Reason, View } from "../model/verdict.ts";
import { abortEvidence, evidenceReason } from "./abort-evidence.ts";
import { evidenceOf } from "./evidence-of.ts";
import { formatEvidence } from "./format-evidence.ts";
import type { WatchedInput } from "./gate-input.ts";
import { sumCounts } from "./sum-counts.ts";

/**
 * Why the next part of a wave does not open although nothing stops the release: the evidence against it has come half
 * of the way to its threshold, on the scale on which evidence adds up (its logarithm), or half of the harm cap is used
 * up. Half is where one more part of the same kind could reach the whole. A good release ever comes this far with a
 * chance of at most one over the square root of the threshold (11% at 80 to 1) [Ville 1939], and goes on as soon as its
 * devices speak for it; a bad one gets no more devices while the gate makes up its mind.
 */
export function slowDownReason(input: WatchedInput, views: readonly View[]): Reason | undefined {
  const { failed, silent } = sumCounts(input.counts.cumulative.values());
  const bad = failed + silent;
  const { harmCap } = input.gate;
  if (bad > harmCap / 2) {
    const text = `${bad} devices failed or fell silent, more than half of the harm cap of ${harmCap}: no further part opens`;
    return { code: "SLOWED", view: "cumulative", k: bad, text };
  }
  const found = abortEvidence(input, views).find(({ logE, threshold }) => logE > Math.log(threshold) / 2);
  if (found === undefined) return undefined;
  const { stratum, k, n, logE, threshold } = found;
  const [evidence, half] = [formatEvidence(evidenceOf(logE)), formatEvidence(Math.sqrt(threshold))];
  const text = `${k} of ${n} bad in ${stratum}: evidence ${evidence} against it is over ${half}, half of the way to a stop: no further part opens`;
  return evidenceReason(found, input, { code: "SLOWED", text });
}
