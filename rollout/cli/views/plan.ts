import Table from "cli-table3";
import { formatThreshold } from "../../gate/format-evidence.ts";
import { BUCKET_COUNT } from "../../model/bucket.ts";
import { formatDuration } from "../../model/duration.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { totalOf } from "../../model/question.ts";
import type { PlannedRelease, ProductPlan } from "../../plan/product-plan.ts";
import { formatCounts } from "./numbers.ts";
import { renderProblems } from "./problems.ts";

/** A plan for people: what would change, wave by wave, what the gate will ask, what speaks against it. */
export function renderPlan(plan: ProductPlan): string {
  const { product, changes, release, problems, digest } = plan;
  if (changes.length === 0 && problems.length === 0)
    return `${product}: nothing to do, the fleet is as declared`;
  const lines = [`${product}: plan ${digest.slice(0, 12)}`];
  for (const { kind, version, reason } of changes) lines.push(`  ${kind} ${version}: ${reason}`);
  if (release !== undefined) lines.push(renderRelease(release));
  if (problems.length > 0) lines.push(renderProblems(problems));
  return lines.join("\n");
}

function renderRelease(planned: PlannedRelease): string {
  const { release, waves, devices, thresholds, proving, baseline } = planned;
  const { gate } = release;
  const table = new Table({
    head: ["wave", "adds", "devices", "kind", "bake", "stops at", "promotes with"],
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
    chars: PLAIN,
  });
  for (const wave of waves) {
    table.push([
      wave.name,
      `${totalOf(wave.added)} (${formatCounts(wave.added)})`,
      `${totalOf(wave.devices)}`,
      wave.kind,
      formatDuration(wave.bakeMs),
      `${formatCounts(wave.stopsAt)} bad`,
      wave.kind === "evidence" ? `${formatCounts(wave.promotesWith)} bad` : "-",
    ]);
  }
  const hasEvidence = waves.some(({ kind }) => kind === "evidence");
  const small = Object.keys(devices)
    .filter((stratum) => !proving.includes(stratum))
    .sort();
  const abort = `abort at ${formatThreshold(thresholds.cumulative)} over the rollout, ${formatThreshold(thresholds.wave)} in a wave, or ${gate.harmCap} devices harmed`;
  return [
    ...table
      .toString()
      .split("\n")
      .map((line) => line.trimEnd()),
    ...windowLines(planned),
    `  gate: tolerate ${formatPercentage(gate.tolerate)}, reject ${formatPercentage(gate.reject)}; ${abort}`,
    ...(hasEvidence
      ? [
          `  promote an evidence wave at ${formatThreshold(thresholds.promote)} in ${proving.join(" and ") || "no stratum"}: ${thresholds.sizeToProve} clean devices each suffice`,
        ]
      : []),
    ...(small.length === 0 || !hasEvidence
      ? []
      : [`  too small to prove the gate, judged for abort only: ${small.join(", ")}`]),
    baseline === undefined
      ? "  no way back: there is no baseline"
      : `  way back: devices return to ${baseline}`,
  ].join("\n");
}

/** Windows made from counts, as they would be now: what the plan counted may have moved when a wave opens. */
function windowLines({ windows }: PlannedRelease): string[] {
  return Object.entries(windows).map(([wave, widths]) => {
    const shares = Object.entries(widths).map(
      ([stratum, width]) =>
        `${formatPercentage(width / BUCKET_COUNT)} of ${stratum === "*" ? "the buckets" : `stratum ${stratum}`}`,
    );
    return `  ${wave}: a window over ${shares.join(", ")}, by today's counts; kept from when it opens`;
  });
}

/** A table without lines: it reads the same in a terminal, a pipe and a pull request. */
const PLAIN = {
  ...{
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
  },
  ...{ left: "  ", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};
