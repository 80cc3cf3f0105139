import { assessWatched, assessWave } from "../gate/assess.ts";
import { countsOf } from "../gate/counts.ts";
import { thresholds } from "../gate/thresholds.ts";
import { isoInstant } from "../model/instant.ts";
import type { Look } from "../model/look.ts";
import type { Question } from "../model/question.ts";
import { isJudged, type RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Stop } from "../model/stop.ts";
import type { Reason, Verdict } from "../model/verdict.ts";
import { slowDownReason } from "../gate/slow-down.ts";
import type { Digest } from "../model/digest.ts";
import { bakedSince, coverageAt, type Coverage } from "./coverage.ts";
import type { StepInput } from "./observation.ts";
import { evidenceDigest, withOverride } from "./override.ts";
import { takeLook } from "./take-look.ts";

/** One release under judgement, at this look. */
export type Judgement =
  | Judged
  /** The hub did not answer every count: no verdict, and so no promotion. */
  | { readonly kind: "unanswered"; readonly intent: RolloutIntent; readonly reason: string };

/** A release whose counts are all known. */
export interface Judged {
  readonly kind: "judged";
  readonly intent: RolloutIntent;
  readonly look: Look;
  readonly verdict: Verdict;
  readonly coverage: Coverage;
  /** Instant of the look that first found the wave covered; it bakes from then on. */
  readonly bakedSince: number | undefined;
  /** Digest of the counts: what an override names. */
  readonly evidence: Digest;
  /** Why no further part of the wave may open, where something speaks against the release. */
  readonly slowed?: Reason;
}

/** Judge every release of the head whose devices are still watched; counts that are still to ask come back as questions. */
export function judge(input: StepInput): {
  readonly judgements: readonly Judgement[];
  readonly questions: readonly Question[];
} {
  const questions: Question[] = [];
  const judgements: Judgement[] = [];
  for (const intent of input.observation.store?.head?.record.intents.filter(isJudged) ?? []) {
    const look = takeLook(input, intent);
    if (look.kind === "ask") questions.push(...look.questions);
    else if (look.kind === "failed") judgements.push({ kind: "unanswered", intent, reason: look.reason });
    else judgements.push(judgeLook(input, intent, look.value));
  }
  return { judgements, questions };
}

/** Evidence at which a release's gate acts, for the strata it was started with. */
export function thresholdsOf(release: Release, strata: number): ReturnType<typeof thresholds> {
  const { falseStop, missedBad } = release.gate;
  const evidenceWaves = release.waves.filter(({ kind }) => kind === "evidence").length;
  return thresholds({ falseStop, missedBad, strata: Math.max(1, strata), evidenceWaves });
}

/**
 * The verdict of the look that a gate's stop was decided on, judged again from the stored series: whoever records the
 * stop may look later, when the devices are on their way back and the counts no longer show why.
 */
export function verdictOfStop(input: StepInput, intent: RolloutIntent, stop: Stop): Verdict | undefined {
  const looks = input.observation.store?.looks.get(intent.attempt) ?? [];
  const deciding = looks.findLast(({ at }) => isoInstant(at) === stop.at);
  return deciding === undefined ? undefined : judgeLook(input, intent, deciding).verdict;
}

function judgeLook({ observation, deciding }: StepInput, intent: RolloutIntent, look: Look): Judged {
  const { release, strata, proving } = intent;
  const stored = observation.store?.looks.get(intent.attempt) ?? [];
  const series = [...stored.filter(({ at }) => at < look.at), look];
  const counts = countsOf({
    looks: series,
    deadlineMs: release.gate.deadlineMs,
    queryLagMs: deciding.queryLagMs,
  });
  const coverage = coverageAt(look, intent, series);
  const since = bakedSince(intent, series);
  const common = { gate: release.gate, counts, strata, thresholds: thresholdsOf(release, strata.length) };
  const wave = release.waves[intent.wave];
  const verdict =
    intent.state === "watching" || wave === undefined
      ? assessWatched(common)
      : assessWave({
          ...common,
          // Silence shows a deadline and a lag after contact: a wave is not judged before it could.
          wave: { ...wave, bakeMs: Math.max(wave.bakeMs, release.gate.deadlineMs + deciding.queryLagMs) },
          proving,
          coverage,
          nowMs: look.at,
          // A wave in parts is not undecided before its last part is open.
          openedAtMs: Math.max(intent.openedAt, intent.partOpenedAt),
          bakedSinceMs: since,
        });
  const slowed = slowDownReason(common, wave?.kind === "evidence" ? ["cumulative", "wave"] : ["cumulative"]);
  return {
    kind: "judged",
    intent,
    look,
    verdict: intent.state === "watching" ? verdict : withOverride(verdict, intent, look),
    coverage,
    bakedSince: since,
    evidence: evidenceDigest(intent, look),
    ...(slowed === undefined ? {} : { slowed }),
  };
}
