import { formatThreshold, withThousands } from "../../gate/format-evidence.ts";
import { BUCKET_COUNT } from "../../model/bucket.ts";
import { formatDuration } from "../../model/duration.ts";
import { accessLatencyMs } from "../../model/fleet.ts";
import type { Metric } from "../../model/metric.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { totalOf } from "../../model/question.ts";
import type { PlannedRelease, PlannedWave } from "../../plan/product-plan.ts";
import { formatCounts } from "./numbers.ts";

/** Waves of a planned release, a head and a row each: whom they add, what stops them, what they cost. */
export function waveTable({ waves }: PlannedRelease): readonly (readonly string[])[] {
  const isPriced = waves.some(({ traffic }) => traffic.length > 0);
  return [
    [
      ...["wave", "adds", "devices", "kind", "bake", "stops at", "promotes with"],
      ...(isPriced ? ["traffic"] : []),
    ],
    ...waves.map((wave) => [
      wave.name,
      `${totalOf(wave.added)} (${formatCounts(wave.added)})`,
      `${totalOf(wave.devices)}`,
      wave.kind,
      formatDuration(wave.bakeMs),
      `${formatCounts(wave.stopsAt)} bad`,
      wave.kind === "evidence" ? promotesText(wave) : "-",
      ...(isPriced ? [trafficText(wave)] : []),
    ]),
  ];
}

/** How many bad devices a wave is still promoted with; "never" where even none at all prove too little. */
function promotesText({ promotesWith }: PlannedWave): string {
  const most = Object.entries(promotesWith);
  const proving = most.filter(([, count]) => count >= 0);
  return [
    ...(proving.length === 0 ? [] : [`${formatCounts(Object.fromEntries(proving))} bad`]),
    ...most.flatMap(([stratum, count]) => (count < 0 ? [`${stratum} never`] : [])),
  ].join(", ");
}

/** What the gate stops and promotes at. */
export function gateLines({
  release: { gate },
  waves,
  devices,
  thresholds,
  proving,
}: PlannedRelease): readonly string[] {
  const hasEvidence = waves.some(({ kind }) => kind === "evidence");
  const small = Object.keys(devices)
    .filter((stratum) => !proving.includes(stratum))
    .sort();
  const abort = `abort at ${formatThreshold(thresholds.cumulative)} over the rollout, ${formatThreshold(thresholds.wave)} in a wave, or ${gate.harmCap} devices harmed`;
  return [
    `gate: tolerate ${formatPercentage(gate.tolerate)}, reject ${formatPercentage(gate.reject)}; ${abort}`,
    ...(hasEvidence
      ? [
          `promote an evidence wave at ${formatThreshold(thresholds.promote)} in ${proving.join(" and ") || "no stratum"}: ${thresholds.sizeToProve} clean devices each suffice`,
        ]
      : []),
    ...(small.length === 0 || !hasEvidence
      ? []
      : [`too small to prove the gate, judged for abort only: ${small.join(", ")}`]),
  ];
}

/** The metrics beside the gate, and the hold-out that some of them compare with. */
export function metricLines({ release, thresholds }: PlannedRelease): string[] {
  const { gate, holdOut } = release;
  const lines = (gate.metrics ?? []).map((metric) => {
    const shadow = metric.mode === "shadow" ? ", in shadow" : "";
    return `metric ${metric.name} of ${metric.source}${shadow}: ${judgeText(metric, thresholds)}, data at most ${formatDuration(metric.freshnessMs)} old`;
  });
  return [
    ...lines,
    ...(holdOut === undefined
      ? []
      : [`hold-out: ${formatPercentage(holdOut)} of the buckets, reached by the last wave alone`]),
  ];
}

function judgeText({ judge }: Metric, { cumulative, promote }: PlannedRelease["thresholds"]): string {
  const abort = `abort at ${formatThreshold(cumulative)}`;
  switch (judge.kind) {
    case "limit": {
      const { above, below, failures } = judge;
      const limits = [
        ...(above === undefined ? [] : [`above ${above}`]),
        ...(below === undefined ? [] : [`below ${below}`]),
      ];
      return `stops ${limits.join(" or ")}${failures > 1 ? `, ${failures} times in a row` : ""} (no error rate)`;
    }
    case "binomial": {
      const proof =
        judge.reject === undefined
          ? ""
          : `, promote at ${formatThreshold(promote)} that fewer than ${formatPercentage(judge.reject)} are bad`;
      return `tolerate ${formatPercentage(judge.tolerate)}, ${abort}${proof}`;
    }
    case "rate ratio":
      return `tolerate ${judge.tolerate} times the hold-out's rate, ${abort}`;
  }
}

/** What a wave costs: all messages, and what they are to the hub that they are hardest on. */
function trafficText({ traffic }: PlannedWave): string {
  const messages = traffic.reduce((sum, one) => sum + one.messages, 0);
  const share = Math.max(...traffic.map(({ quotaShare }) => quotaShare));
  const hours = Math.max(...traffic.map((one) => one.hours));
  return `${withThousands(messages)} messages, ${formatPercentage(share)} of a day, ${formatDuration(hours * 3_600_000)}`;
}

/** Where the devices of a release return to when it is stopped, and at what price. */
export function wayBackText({ wayBack, waves, release }: PlannedRelease): string {
  const { baselines, uncaught, floor, onAbort } = wayBack;
  if (baselines.length === 0) return "none, there is no baseline";
  const versions = [...new Set(baselines.map(({ version }) => version))].join(" or ");
  const whom =
    uncaught === undefined
      ? "; whom it catches could not be asked"
      : uncaught > 0
        ? `, ${uncaught} to nothing`
        : "";
  const withoutFloor = release.artifact.manifest === "" ? "unsigned, so no floor is known" : "no floor";
  const floorText = floor === undefined ? withoutFloor : `floor ${floor}`;
  const everyone = waves.flatMap(({ traffic }) => traffic);
  const byHub = [...new Set(everyone.map(({ hub }) => hub))].map((hub) =>
    everyone.filter((one) => one.hub === hub).reduce((sum, one) => sum + one.quotaShare, 0),
  );
  const price =
    byHub.length === 0 ? "" : `; all of them: ${formatPercentage(Math.max(...byHub))} of a day's messages`;
  const halt = onAbort === "halt" ? "an abort halts; what would be left: " : "";
  return `${halt}devices return to ${versions}${whom} (${floorText})${price}`;
}

/** How the images open, where not by their address alone. */
export function accessLines({ accessBytes }: PlannedRelease): readonly string[] {
  if (accessBytes === undefined) return [];
  const later = formatDuration(accessLatencyMs({ access: "on-demand" }));
  return [
    `images: open with keys that the hub gives devices while they want one; silence counts ${later} later for it`,
  ];
}

/** What the controller itself asks of the hubs. */
export function callLines({ ownCalls }: PlannedRelease): string[] {
  if (ownCalls === undefined) return [];
  const { callsPerLook, calls, days, queryShare, products } = ownCalls;
  const among = products > 1 ? `, ${products} products side by side` : "";
  return [
    `our calls: ${callsPerLook} a look and hub, ${withThousands(calls)} in ${formatDuration(days * 86_400_000)}: ${formatPercentage(queryShare)} of the query budget${among}`,
  ];
}

/** Windows made from counts, as they would be now: what the plan counted may have moved when a wave opens. */
export function windowLines({ windows }: PlannedRelease): string[] {
  return Object.entries(windows).map(([wave, widths]) => {
    const shares = Object.entries(widths).map(
      ([stratum, width]) =>
        `${formatPercentage(width / BUCKET_COUNT)} of ${stratum === "*" ? "the buckets" : `stratum ${stratum}`}`,
    );
    return `${wave}: a window over ${shares.join(", ")}, by today's counts; kept from when it opens`;
  });
}
