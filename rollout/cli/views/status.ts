import { isJudged, newestPriority } from "../../model/record.ts";
import { evidenceDigest, shortEvidence } from "../../model/evidence.ts";
import type { RolloutIntent } from "../../model/record.ts";
import { totalOf } from "../../model/question.ts";
import type { Overview } from "../../reconcile/overview.ts";
import { judgementForJson, renderCounts, renderEvidence, renderMetrics } from "./judgement.ts";
import { formatInstant } from "../../model/instant.ts";
import { overrideLines } from "./overrides.ts";
import { outlookLines } from "./outlook.ts";
import { quarantineLines } from "./quarantine.ts";

/** Where one product stands, and on which hub. */
export interface ProductStatus extends Overview {
  /** Name of the hub. */
  readonly hub: string;
}

/** Where a product stands, for people: what runs, what is under way, what happens next. */
export function renderStatus({
  product,
  at,
  versions,
  intents,
  judgements,
  next,
  hub,
  repeatFailers,
  outlook,
  exposure,
  overrides,
}: ProductStatus): string {
  const running = Object.entries(versions)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([version, devices]) => `${version} on ${devices}`);
  const lines = [
    `${product} at ${formatInstant(at)}: ${running.join(", ") || "no device of a known version was counted"}`,
  ];
  const underWay = intents.findLast((intent) => isJudged(intent));
  if (outlook !== undefined && underWay === undefined)
    lines.push(`  ${outlook.version}  planned`, ...outlookLines(outlook, exposure));
  for (const intent of intents.toReversed()) {
    // Its configuration is gone, or goes soon; history tells of it.
    if (intent.state === "retired") continue;
    if (intent.state === "adopted") {
      lines.push(`  ${intent.version}  adopted as the baseline`);
      continue;
    }
    const wave = intent.release.waves[intent.wave];
    const where =
      intent.state === "running" || intent.state === "held"
        ? `, wave "${wave?.name ?? ""}" (${intent.wave + 1} of ${intent.release.waves.length})`
        : "";
    lines.push(`  ${intent.version}  ${intent.state}${where}${partOf(intent)}`);
    const judgement = judgements.find(({ intent: judged }) => judged.attempt === intent.attempt);
    if (judgement?.kind === "judged") {
      lines.push(`    ${renderCounts(judgement)} of ${totalOf(intent.targeted)} aimed at`);
      for (const line of [...renderEvidence(judgement.verdict), ...renderMetrics(judgement, "all")])
        lines.push(`    ${line}`);
      if (intent.state !== "watching")
        lines.push(`    evidence ${shortEvidence(evidenceDigest(judgement.evidence))}`);
    } else if (judgement !== undefined) lines.push(`    not judged: ${judgement.reason}`);
    if (outlook !== undefined && intent === underWay) lines.push(...outlookLines(outlook, exposure));
  }
  lines.push(...quarantineLines(repeatFailers, { hub, priority: newestPriority(intents) }));
  lines.push(...overrideLines(overrides).map((line) => `  ${line}`));
  const when = next.notBefore === undefined ? "" : ` (until ${formatInstant(next.notBefore)})`;
  lines.push(`  next: ${next.text}${when}`);
  return lines.join("\n");
}

/** The same for programs. */
export function statusForJson(status: ProductStatus): Readonly<Record<string, unknown>> {
  return { ...status, judgements: status.judgements.map(judgementForJson) };
}

function partOf({ release, wave, part, state }: RolloutIntent): string {
  const parts = release.waves[wave]?.pace?.parts;
  return parts === undefined || (state !== "running" && state !== "held") ? "" : `, part ${part} of ${parts}`;
}
