import { countsOf } from "../gate/counts.ts";
import { metricEvidence } from "../gate/metric-evidence.ts";
import { gatesOf, thresholds } from "../gate/thresholds.ts";
import { longestDeadline } from "../model/deadline.ts";
import { digestOf } from "../model/digest.ts";
import type { Evidence, RateBasis, RecordedEvidence } from "../model/evidence.ts";
import type { Look } from "../model/look.ts";
import type { MetricEvidence } from "../model/metric-reading.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import { hasControl } from "../plan/hold-out.ts";
import { countsInRecord } from "./assess-evidence.ts";
import { bakedSince, coverageAt, newlyIdleAt } from "./coverage.ts";

/** What the last look of a series and all before it say about a release. */
export function evidenceAt(input: {
  readonly intent: RolloutIntent;
  /** In stored order; the last one is judged. */
  readonly series: readonly [...Look[], Look];
  readonly queryLagMs: number;
  /** The fleet's: within which a device that is up is seen. */
  readonly activeWithinMs: number;
}): Evidence {
  const { intent, series, queryLagMs, activeWithinMs } = input;
  const { release, attempt, wave, strata, proving } = intent;
  // The type says that there is one.
  const look = series.at(-1) as Look;
  const { deadlineMs, deadlineMsByStratum } = release.gate;
  const baked = bakedSince(intent, series);
  const judgedAs = intent.state === "watching" || release.waves[wave] === undefined ? "watched" : "open";
  const checkInsMs = Math.max(2 * activeWithinMs, longestDeadline(release.gate));
  const contact = { added: intent.added, idle: newlyIdleAt(look, intent, series), checkInsMs };
  return {
    attempt,
    at: look.at,
    wave,
    judgedAs,
    queryLagMs,
    counts: countsInRecord(countsOf({ looks: series, deadlineMs, deadlineMsByStratum, queryLagMs })),
    coverage: coverageAt(look, intent, series),
    // A wave in parts is not undecided before its last part is open.
    openedAt: Math.max(intent.openedAt, intent.partOpenedAt),
    ...(baked === undefined ? {} : { bakedSince: baked }),
    strata,
    proving,
    thresholds: thresholdsOf(release, strata.length),
    rates: ratesOf(intent),
    ...(judgedAs === "open" ? { contact } : {}),
    ...metricsAt(intent, series),
  };
}

/** How sure a failure rate is that is told beside the evidence. */
const RATE_CONFIDENCE = 0.95;

/** What failure rates of a release are told by. */
export function ratesOf({ population = {} }: Pick<RolloutIntent, "population">): RateBasis {
  return { confidence: RATE_CONFIDENCE, population };
}

/** What is known of the metrics of a release; nothing where its gate has none. */
export function metricsAt(
  intent: Pick<RolloutIntent, "release" | "priority" | "windows" | "wave" | "part" | "state" | "strata">,
  series: readonly Look[],
): Pick<Evidence, "metrics"> {
  const { metrics } = intent.release.gate;
  if (metrics === undefined) return {};
  const { strata } = intent;
  const isCompared = hasControl(intent);
  const known = metrics.map((metric): [string, MetricEvidence] => [
    metric.name,
    metricEvidence({ metric, looks: series, strata, hasControl: isCompared }),
  ]);
  return { metrics: Object.fromEntries(known) };
}

/** Evidence at which a release's gate acts, for the strata it was started with. */
export function thresholdsOf(
  release: Pick<Release, "gate" | "waves">,
  strata: number,
): ReturnType<typeof thresholds> {
  const { falseStop, missedBad } = release.gate;
  const evidenceWaves = release.waves.filter(({ kind }) => kind === "evidence").length;
  const gates = gatesOf(release.gate);
  return thresholds({ falseStop, missedBad, strata: Math.max(1, strata), evidenceWaves, gates });
}

/** Evidence as a record holds it: with the name of the looks it was counted from. */
export function recordedEvidence(evidence: Evidence, series: readonly Look[]): RecordedEvidence {
  return { ...evidence, looks: { count: series.length, digest: digestOf(series) } };
}
