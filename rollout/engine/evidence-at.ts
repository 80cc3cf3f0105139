import { countsOf } from "../gate/counts.ts";
import { thresholds } from "../gate/thresholds.ts";
import { digestOf } from "../model/digest.ts";
import type { Evidence, RecordedEvidence } from "../model/evidence.ts";
import type { Look } from "../model/look.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import { countsInRecord } from "./assess-evidence.ts";
import { bakedSince, coverageAt } from "./coverage.ts";

/** What the last look of a series and all before it say about a release. */
export function evidenceAt(input: {
  readonly intent: RolloutIntent;
  /** In stored order; the last one is judged. */
  readonly series: readonly [...Look[], Look];
  readonly queryLagMs: number;
}): Evidence {
  const { intent, series, queryLagMs } = input;
  const { release, attempt, wave, strata, proving } = intent;
  // The type says that there is one.
  const look = series.at(-1) as Look;
  const { deadlineMs } = release.gate;
  const baked = bakedSince(intent, series);
  return {
    attempt,
    at: look.at,
    wave,
    judgedAs: intent.state === "watching" || release.waves[wave] === undefined ? "watched" : "open",
    queryLagMs,
    counts: countsInRecord(countsOf({ looks: series, deadlineMs, queryLagMs })),
    coverage: coverageAt(look, intent, series),
    // A wave in parts is not undecided before its last part is open.
    openedAt: Math.max(intent.openedAt, intent.partOpenedAt),
    ...(baked === undefined ? {} : { bakedSince: baked }),
    strata,
    proving,
    thresholds: thresholdsOf(release, strata.length),
  };
}

/** Evidence at which a release's gate acts, for the strata it was started with. */
export function thresholdsOf(
  release: Pick<Release, "gate" | "waves">,
  strata: number,
): ReturnType<typeof thresholds> {
  const { falseStop, missedBad } = release.gate;
  const evidenceWaves = release.waves.filter(({ kind }) => kind === "evidence").length;
  return thresholds({ falseStop, missedBad, strata: Math.max(1, strata), evidenceWaves });
}

/** Evidence as a record holds it: with the name of the looks it was counted from. */
export function recordedEvidence(evidence: Evidence, series: readonly Look[]): RecordedEvidence {
  return { ...evidence, looks: { count: series.length, digest: digestOf(series) } };
}
