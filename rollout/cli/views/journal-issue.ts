import { formatEvidence, formatThreshold } from "../../gate/format-evidence.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { AttemptEnd } from "../attempt-ends.ts";
import { asText, markdownList, markdownTable } from "./markdown.ts";
import { formatInstant, instantMs } from "../../model/instant.ts";

/** What became of a release, as a title says it. */
export function stopTitle(product: string, { intent }: AttemptEnd): string {
  const name = `${product} ${intent.version}`;
  switch (intent.state) {
    case "held":
      return `${name} is held and waits for a person`;
    case "halted":
      return `${name} was halted: its devices keep it`;
    case "rolling back":
    case "rolled back":
      return `${name} was stopped and taken back`;
    case "running":
    case "watching":
    case "settled":
    case "superseded":
      return `${name} was held, and goes on`;
  }
}

/** An issue about a stop, as Markdown: why, on which evidence, by whom, what came of it, and what to do. */
export function stopIssue(
  product: string,
  end: AttemptEnd,
  { revert }: { readonly revert: string | undefined },
): string {
  const { stoppedBy, followedBy, intent, attempt } = end;
  if (stoppedBy === undefined) return "";
  const { record, digest } = stoppedBy;
  const wave = intent.release.waves[intent.wave]?.name ?? "";
  const exposed = Object.values(intent.targeted).reduce((sum, devices) => sum + devices, 0);
  const facts = [
    ["Attempt", attempt],
    ["Stopped by", record.actor],
    ["When", `${formatInstant(instantMs(record.at))} UTC`],
    ["Wave", `${wave} (${intent.wave + 1} of ${intent.release.waves.length}), ${exposed} devices aimed at`],
    [
      "Gate",
      record.verdict === undefined
        ? "nothing"
        : `${record.verdict.kind}, guarantee ${record.verdict.guarantee}`,
    ],
    ["Record", digest],
  ];
  return [
    `**${asText(record.reason)}**`,
    markdownTable([["", ""], ...facts]),
    ...(record.verdict === undefined ? [] : evidence(record.verdict)),
    ...(followedBy === undefined
      ? []
      : [
          `Since ${formatInstant(instantMs(followedBy.record.at))} UTC: ${asText(followedBy.record.reason)} (record ${followedBy.digest.slice(0, 12)}, ${asText(followedBy.record.actor)})`,
        ]),
    `### What to do\n\n${markdownList(steps(product, end))}${revert === undefined ? "" : `\n- merge the revert: ${revert}`}`,
  ].join("\n\n");
}

/** A pull request that takes a stopped release out of the declarations. */
export function revertText(product: string, end: AttemptEnd, file: string): string {
  const { stoppedBy, intent } = end;
  return [
    `The rollout of ${asText(product)} ${asText(intent.version)} was stopped and its devices are taken back to what they ran before: ${asText(stoppedBy?.record.reason ?? "")}`,
    `This removes ${asText(file)}, so that what is declared is what the fleet has. Devices are not touched by it: the release would not start again in any case (record ${stoppedBy?.digest.slice(0, 12) ?? ""}).`,
  ].join("\n\n");
}

/** What the tag of a completed release says. */
export function tagText(product: string, { intent, completedBy }: AttemptEnd): string {
  const { record, digest } = completedBy ?? {};
  const promise = record?.verdict === undefined ? "" : `, guarantee ${record.verdict.guarantee}`;
  return `${product} ${intent.version} has reached everyone\n\n${record?.reason ?? ""}${promise}\nRecord ${digest ?? ""}\n`;
}

function evidence({ reasons }: Verdict): readonly string[] {
  const rows = reasons.map(({ stratum = "all", view = "", k, n, evidence: e, threshold, text }) => [
    ...[stratum, view, k === undefined ? "" : `${k} of ${n ?? 0}`],
    e === undefined ? "" : formatEvidence(e),
    threshold === undefined ? "" : formatThreshold(threshold),
    text,
  ]);
  return [
    `### Evidence\n\n${markdownTable([["stratum", "view", "bad", "evidence", "acts at", "in words"], ...rows])}`,
  ];
}

function steps(product: string, { intent }: AttemptEnd): readonly string[] {
  const why = `see every decision: wavegate history ${product} --release ${intent.version}`;
  switch (intent.state) {
    case "held":
      return [
        why,
        `let it go on: wavegate resume ${product} --reason "..."`,
        `or take its devices back: wavegate abort ${product} --reason "..."`,
      ];
    case "halted":
    case "rolling back":
    case "rolled back":
      return [
        why,
        `judge the stop again: wavegate verify ${product}`,
        `try the same image once more: wavegate retry ${product} --reason "...", or declare a higher version`,
      ];
    case "running":
    case "watching":
    case "settled":
    case "superseded":
      return [why];
  }
}
