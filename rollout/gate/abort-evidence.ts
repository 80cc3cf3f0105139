import { formatPercentage } from "../model/percentage.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";
import type { Reason, View } from "../model/verdict.ts";
import { evidenceOf } from "./evidence-of.ts";
import { budgetedStrata, foldStrata } from "./fold-strata.ts";
import { formatEvidence, formatThreshold } from "./format-evidence.ts";
import type { WatchedInput } from "./gate-input.ts";
import { logEAbort } from "./log-e-abort.ts";
import { priorOf } from "./prior.ts";
import { rateOf } from "./rate-of.ts";

/** How far the devices of one stratum in one view speak against a release. */
export interface AbortEvidence {
  readonly stratum: string;
  readonly view: View;
  readonly counts: StratumCounts;
  /** Failed and silent devices. */
  readonly k: number;
  readonly n: number;
  /** ln of the e-value. */
  readonly logE: number;
  readonly threshold: number;
}

/** The evidence against a release in each stratum that has contacts, nearest to its threshold first. */
export function abortEvidence(
  { gate, counts, strata, thresholds }: WatchedInput,
  views: readonly View[],
): readonly AbortEvidence[] {
  const prior = priorOf(gate);
  const found = views.flatMap((view) => {
    const { byStratum } = foldStrata(counts[view], strata);
    return budgetedStrata(strata).flatMap((stratum): AbortEvidence[] => {
      const own = byStratum.get(stratum);
      if (own === undefined || own.most === 0) return [];
      const k = own.failed + own.silent;
      const logE = logEAbort({ k, n: own.most, p0: gate.tolerate, ...prior });
      return [{ stratum, view, counts: own, k, n: own.most, logE, threshold: thresholds[view] }];
    });
  });
  return found.sort((one, other) => excess(other) - excess(one) || order(one, other));
}

/** True when the evidence reaches its threshold. */
export function isEnough(evidence: Pick<AbortEvidence, "logE" | "threshold">): boolean {
  return excess(evidence) >= 0;
}

/** The reason to stop that evidence gives. */
export function failuresReason(found: AbortEvidence, input: Pick<WatchedInput, "gate" | "rates">): Reason {
  const { stratum, view, logE, threshold } = found;
  const where = view === "wave" ? `in ${stratum} in this wave` : `in ${stratum}`;
  const against = `evidence ${formatEvidence(evidenceOf(logE))} against at most ${formatPercentage(input.gate.tolerate)}`;
  const text = `${badDevices(found)} ${where}: ${against}, abort at ${formatThreshold(threshold)}`;
  return evidenceReason(found, input, { code: "FAILURES", text });
}

/** A reason that rests on the evidence of one stratum in one view, with its numbers. */
export function evidenceReason(
  { stratum, view, counts, k, n, logE, threshold }: AbortEvidence,
  input: Pick<WatchedInput, "gate" | "rates">,
  { code, text }: Pick<Reason, "code" | "text">,
): Reason {
  const evidence = evidenceOf(logE);
  return { code, stratum, view, k, n, evidence, threshold, ...rateOf([counts], input, stratum), text };
}

function badDevices({ counts: { failed, silent }, n }: AbortEvidence): string {
  if (silent === 0) return `${failed} of ${n} failed`;
  if (failed === 0) return `${silent} of ${n} fell silent`;
  return `${failed} failed and ${silent} silent of ${n}`;
}

function excess({ logE, threshold }: Pick<AbortEvidence, "logE" | "threshold">): number {
  return logE - Math.log(threshold);
}

function order(one: AbortEvidence, other: AbortEvidence): number {
  if (one.stratum !== other.stratum) return one.stratum < other.stratum ? -1 : 1;
  return one.view < other.view ? -1 : 1;
}
