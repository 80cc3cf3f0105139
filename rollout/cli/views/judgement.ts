import type { Judgement } from "../../engine/judge.ts";
import type { Tally } from "../../model/look.ts";
import type { Verdict } from "../../model/verdict.ts";
import { formatEvidence } from "./numbers.ts";

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

/** Evidence against its threshold, one line a stratum that has any; else the first reason. */
export function renderEvidence({ reasons }: Verdict): string[] {
  const judged = reasons.filter(({ evidence }) => evidence !== undefined);
  if (judged.length === 0) return reasons.slice(0, 1).map(({ text }) => text);
  return judged.map(
    ({ stratum, k = 0, n = 0, evidence = 0, threshold = 0 }) =>
      `${stratum ?? "all"} ${k} of ${n}: evidence ${formatEvidence(evidence)} (needs ${formatEvidence(threshold)})`,
  );
}
