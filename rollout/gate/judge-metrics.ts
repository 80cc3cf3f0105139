import type { MetricEvidence, SourceTrouble } from "../model/metric-reading.ts";
import { formatDuration } from "../model/duration.ts";
import { ALL_STRATA, type Metric } from "../model/metric.ts";
import type { MetricVerdict, Reason, ReasonCode } from "../model/verdict.ts";
import { budgetedStrata } from "./fold-strata.ts";
import type { WatchedInput } from "./gate-input.ts";
import { againstMetric, isOverHalfWay, type AgainstMetric } from "./metric-abort.ts";

/** One metric, judged. */
export interface JudgedMetric {
  readonly verdict: MetricVerdict;
  /** Why it stops the release; empty in shadow. */
  readonly stops: readonly Reason[];
  /** Why nothing may go on while it is so; empty in shadow. */
  readonly holds: readonly Reason[];
}

/**
 * Judge every metric of a gate: abort evidence first, on all data that could be used; then no data, old data and broken
 * sources hold. One in shadow is judged the same, and stops and holds nothing.
 */
export function judgeMetrics(input: MetricsInput): readonly JudgedMetric[] {
  return (input.gate.metrics ?? []).map((metric) => judgeMetric(metric, input));
}

/** Why metrics stop a release. */
export function metricStops(input: MetricsInput): readonly Reason[] {
  return judgeMetrics(input).flatMap(({ stops }) => stops);
}

/** Why metrics let nothing go on. */
export function metricHolds(input: MetricsInput): readonly Reason[] {
  return judgeMetrics(input).flatMap(({ holds }) => holds);
}

/** What it takes to judge metrics. */
export type MetricsInput = Pick<WatchedInput, "gate" | "strata" | "thresholds" | "metrics">;

function judgeMetric(metric: Metric, input: MetricsInput): JudgedMetric {
  const { name, mode } = metric;
  const known = input.metrics?.byName[name];
  const against = known === undefined ? [] : againstOf(metric, known, input);
  const stops = against.filter(({ isEnough }) => isEnough).map(({ reason }) => reason);
  const hold = known === undefined ? undefined : holdReason(metric, known, against, input.metrics?.atMs);
  const [worst] = against;
  const said = stops[0] ?? hold ?? worst?.reason;
  const state = known?.state ?? "no data";
  const verdict: MetricVerdict = {
    name,
    mode,
    state,
    kind: stops.length > 0 ? "abort" : hold === undefined ? "pass" : "hold",
    text: said?.text ?? `metric ${name}: ${noteOf(state)}`,
  };
  if (mode === "shadow") return { verdict, stops: [], holds: [] };
  return { verdict, stops, holds: hold === undefined ? [] : [hold] };
}

/** Evidence of the strata that have a share of the budget, or of all devices where the source tells none apart. */
function againstOf(metric: Metric, known: MetricEvidence, input: MetricsInput): readonly AgainstMetric[] {
  // A comparison that has ended stops nothing: what it had to say it has said.
  if (known.state === "no control") return [];
  // A limit is about now: a value of then neither passes nor stops.
  if (metric.judge.kind === "limit" && known.state !== "measured") return [];
  const judged = [ALL_STRATA, ...budgetedStrata(input.strata)];
  return againstMetric(metric, known.numbers, { judged, threshold: input.thresholds.cumulative });
}

const HOLDS = {
  "no data": "NO_DATA",
  stale: "STALE",
  broken: "SOURCE_BROKEN",
  inconsistent: "DATA_QUALITY",
} as const satisfies Partial<Record<MetricEvidence["state"], ReasonCode>>;

const POLICY = "no-data policy: hold";

function holdReason(
  metric: Metric,
  { state, trouble, at, missing = [] }: MetricEvidence,
  against: readonly AgainstMetric[],
  atMs = 0,
): Reason | undefined {
  // Bad, and not often enough yet to stop: nothing goes on meanwhile.
  if (state === "measured" && metric.judge.kind === "limit")
    return against.find(({ share }) => share > 0)?.reason;
  if (state === "measured" || state === "no control") return undefined;
  const about = `metric ${metric.name}`;
  const texts: Record<keyof typeof HOLDS, string> = {
    "no data": `source ${metric.source} has no data${missing.length === 0 ? "" : ` about ${missing.join(", ")}`}`,
    stale: `the latest data is ${formatDuration(atMs - (at ?? atMs))} old, ${formatDuration(metric.freshnessMs)} is the limit`,
    broken: `source ${metric.source} is broken, ${TROUBLE[trouble ?? "failed"]}`,
    inconsistent: "counts that shrank, or that cannot be: they are not used",
  };
  return { code: HOLDS[state], metric: metric.name, text: `${about}: ${texts[state]}; ${POLICY}` };
}

const TROUBLE: Readonly<Record<SourceTrouble, string>> = {
  "unknown source": "the settings have none of this name",
  unreachable: "it cannot be reached",
  "time-out": "no answer in time",
  refused: "it refuses us",
  failed: "it answered with an error",
  malformed: "its answer cannot be read",
};

function noteOf(state: MetricEvidence["state"]): string {
  return state === "no control"
    ? "no control left: the last wave reaches the hold-out; it holds nothing and stops nothing"
    : "nothing was counted yet, and nothing speaks against the release";
}

/** Why no further part of a wave opens: a metric holds, or has come half of the way to its threshold. */
export function metricSlowDown(input: MetricsInput): Reason | undefined {
  for (const metric of input.gate.metrics ?? []) {
    const known = input.metrics?.byName[metric.name];
    if (metric.mode === "shadow" || known === undefined) continue;
    const against = againstOf(metric, known, input);
    const hold = holdReason(metric, known, against, input.metrics?.atMs);
    if (hold !== undefined) return { ...hold, text: `${hold.text}: no further part opens` };
    const found = against.find(isOverHalfWay);
    if (found !== undefined)
      return {
        ...found.reason,
        code: "SLOWED",
        text: `${found.reason.text}; half of the way to a stop: no further part opens`,
      };
  }
  return undefined;
}
