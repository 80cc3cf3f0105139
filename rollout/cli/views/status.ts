import type { Intent } from "../../model/record.ts";
import { totalOf } from "../../model/question.ts";
import type { Judgement } from "../../engine/judge.ts";
import type { Status } from "../../engine/step.ts";
import { renderCounts, renderEvidence } from "./judgement.ts";
import { formatInstant } from "./numbers.ts";

/** Where one product stands. */
export interface ProductStatus {
  readonly product: string;
  /** Epoch ms of the look. */
  readonly at: number;
  /** Devices by the version they report. */
  readonly versions: Readonly<Record<string, number>>;
  readonly intents: readonly Intent[];
  readonly judgements: readonly Judgement[];
  /** What happens next, and when. */
  readonly next: Status;
}

/** Where a product stands, for people: what runs, what is under way, what happens next. */
export function renderStatus({ product, at, versions, intents, judgements, next }: ProductStatus): string {
  const running = Object.entries(versions)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([version, devices]) => `${version} on ${devices}`);
  const lines = [
    `${product} at ${formatInstant(at)}: ${running.join(", ") || "no device reports a version"}`,
  ];
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
    lines.push(`  ${intent.version}  ${intent.state}${where}`);
    const judgement = judgements.find(({ intent: judged }) => judged.attempt === intent.attempt);
    if (judgement?.kind === "judged") {
      lines.push(`    ${renderCounts(judgement)} of ${totalOf(intent.targeted)} aimed at`);
      for (const line of renderEvidence(judgement.verdict)) lines.push(`    ${line}`);
    } else if (judgement !== undefined) lines.push(`    not judged: ${judgement.reason}`);
  }
  const when = next.notBefore === undefined ? "" : ` (until ${formatInstant(next.notBefore)})`;
  lines.push(`  next: ${next.text}${when}`);
  return lines.join("\n");
}
