import { formatInstant } from "./numbers.ts";
import type { NamedRecord } from "../../engine/observation.ts";
import { instantMs } from "../../model/instant.ts";

/** A chain of records for people, oldest first: when, what, why, by whom, on which evidence. */
export function renderHistory(product: string, chain: readonly NamedRecord[]): string {
  const lines = chain.toReversed().flatMap(({ digest, record }) => {
    const subject = record.intents.find(({ attempt }) => attempt === record.subject);
    const head = `${formatInstant(instantMs(record.at))}  ${digest.slice(0, 8)}  ${record.kind.padEnd(11)} ${(subject?.version ?? "").padEnd(8)} ${record.reason}  [${record.actor}]`;
    const guarantee = record.verdict?.guarantee;
    const reasons = record.verdict?.reasons.map(({ text }) => text) ?? [];
    const evidence = reasons
      .filter((text) => !record.reason.startsWith(text))
      .map((text) => `${" ".repeat(28)}${text}`);
    return [guarantee === undefined ? head : `${head} (${guarantee})`, ...evidence];
  });
  return [`${product}: ${chain.length} records, one unbroken chain`, ...lines].join("\n");
}
