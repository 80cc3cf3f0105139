import type { Judgement } from "../../engine/judge.ts";
import type { Tally } from "../../model/look.ts";
import { evidenceDigest } from "../../model/evidence.ts";
import { formatEvidence, formatThreshold } from "../../gate/format-evidence.ts";
import { formatRate } from "../../gate/rate-of.ts";
import type { Rate, Reason, Verdict } from "../../model/verdict.ts";

/** Counts of one look in a line: "36 contacted: 30 ok, 5 failed, 1 in progress". */
export function renderCounts({ look }: Extract<Judgement, { kind: "judged" }>): string {
  const sum = (pick: (tally: Tally) => number): number =>
    Object.values(look.views.all).reduce((total, tally) => total + pick(tally), 0);
  const [ok, failed, open] = [
    sum((tally) => tally.ok),
    sum((tally) => tally.failed),
    sum((tally) => tally.contacted),
  ];
  const parts = [
    `${ok} ok`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} in progress`] : []),
  ];
  return `${ok + failed + open} contacted: ${parts.join(", ")}`;
}

/** A judgement for programs: with the name of its evidence, which an override refers to, and without the series of looks. */
export function judgementForJson(judgement: Judgement): unknown {
  if (judgement.kind !== "judged") return judgement;
  const { kind, intent, look, evidence, verdict, coverage, bakedSince, troubles } = judgement;
  const digest = evidenceDigest(evidence);
  const told = troubles === undefined ? {} : { troubles };
  return { kind, intent, look, evidence, evidenceDigest: digest, verdict, coverage, bakedSince, ...told };
}

/**
 * Why a verdict is as it is: what is waited for, then the evidence of each stratum against its threshold. Metrics are told
 * apart (`renderMetrics`).
 */
export function renderEvidence(verdict: Verdict): string[] {
  const reasons = verdict.reasons.filter(({ metric }) => metric === undefined);
  const [first] = reasons;
  const judged = reasons.filter(({ evidence }) => evidence !== undefined);
  const waiting =
    first !== undefined && first.evidence === undefined ? [`${first.text}${rateIn("; ", first)}`] : [];
  const strata = judged.toSorted((a, b) => (a.stratum ?? "").localeCompare(b.stratum ?? ""));
  return [...waiting, ...strata.map(renderReason)];
}

function renderReason({ code, stratum, k = 0, n = 0, evidence = 0, threshold = 0, rate }: Reason): string {
  const found = `${stratum ?? "all"} ${k} of ${n} bad, evidence ${formatEvidence(evidence)}`;
  const against = code === "FAILURES" ? "abort at" : "needs";
  return `${found} (${against} ${formatThreshold(threshold)})${rateIn(", ", { rate })}`;
}

function rateIn(separator: string, { rate }: { readonly rate?: Rate | undefined }): string {
  return rate === undefined ? "" : `${separator}${formatRate(rate)}`;
}

/** What metrics say, and what their sources said of trouble; `unsettled`: those that hold or stop, in shadow or not. */
export function renderMetrics(
  { verdict, troubles = [] }: Pick<Extract<Judgement, { kind: "judged" }>, "verdict" | "troubles">,
  which: "all" | "unsettled",
): string[] {
  const shown = (verdict.metrics ?? []).filter(({ kind }) => which === "all" || kind !== "pass");
  const lines = shown.map(({ kind, mode, text }) => {
    const would = { pass: "not obeyed", hold: "it would hold", abort: "it would stop the release" }[kind];
    return mode === "shadow" ? `${text} (shadow: ${would})` : text;
  });
  return [...lines, ...troubles];
}
