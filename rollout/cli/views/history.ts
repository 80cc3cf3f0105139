import type { NamedRecord } from "../../engine/observation.ts";
import { formatEvidence, formatThreshold } from "../../gate/format-evidence.ts";
import type { RolloutRecord } from "../../model/record.ts";
import type { Reason } from "../../model/verdict.ts";
import { formatInstant, instantMs } from "../../model/instant.ts";

/** What a record decided, or a stop that it takes in. */
type Decision = Pick<RolloutRecord, "kind" | "at" | "reason" | "actor"> & { readonly attempt: string | null };

/**
 * A chain of records for people, oldest first: when, what, by whom, why, on which numbers. A line a record, and one for
 * each further stop that it takes in.
 */
export function renderHistory(product: string, chain: readonly NamedRecord[], shown = chain): string {
  const kept = shown.length === chain.length ? "" : `, ${shown.length} of them shown`;
  return [
    `${product}: ${chain.length} ${chain.length === 1 ? "record" : "records"}, one unbroken chain${kept}`,
    ...shown.toReversed().flatMap(linesOf),
  ].join("\n");
}

/** The records that are about one version, or take a stop of it in. */
export function aboutVersion(chain: readonly NamedRecord[], version: string): readonly NamedRecord[] {
  return chain.filter(({ record }) => {
    const attempts = record.intents
      .filter((intent) => intent.version === version)
      .map(({ attempt }) => attempt);
    return [record.subject, ...record.stops.map(({ attempt }) => attempt)].some(
      (subject) => subject !== null && attempts.includes(subject),
    );
  });
}

function linesOf({ digest, record }: NamedRecord): readonly string[] {
  const lineOf = ({ kind, attempt, at, reason, actor }: Decision): string => {
    const version = record.intents.find((intent) => intent.attempt === attempt)?.version ?? "";
    const what = `${kind.padEnd(11)} ${version.padEnd(8)}`;
    return `${formatInstant(instantMs(at))}  ${digest.slice(0, 8)}  ${what} ${reason}  [${actor}]`;
  };
  // What it decided itself stands among its stops too.
  const others = record.stops.filter(
    ({ kind, attempt }) => kind !== record.kind || attempt !== record.subject,
  );
  return [
    ...others.toSorted((a, b) => instantMs(a.at) - instantMs(b.at)).map(lineOf),
    `${lineOf({ ...record, attempt: record.subject })}${numbersOf(record)}`,
  ];
}

/** The verdict's numbers, where the reason does not say them already. */
function numbersOf({ verdict, reason }: RolloutRecord): string {
  if (verdict === undefined) return "";
  const told = verdict.reasons.filter(
    (one) => one.evidence !== undefined && !reason.startsWith(one.text.slice(0, 60)),
  );
  return ` (${[verdict.guarantee, ...told.map(reasonOf)].join("; ")})`;
}

function reasonOf({ stratum = "all", k = 0, n = 0, evidence = 0, threshold = 0 }: Reason): string {
  return `${stratum} ${k} of ${n} bad, ${formatEvidence(evidence)} of ${formatThreshold(threshold)}`;
}
