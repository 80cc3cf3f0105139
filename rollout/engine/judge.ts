import type { Evidence, RecordedEvidence } from "../model/evidence.ts";
import { isoInstant } from "../model/instant.ts";
import type { Look } from "../model/look.ts";
import type { Question } from "../model/question.ts";
import { isJudged, type RolloutIntent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Verdict } from "../model/verdict.ts";
import { assessEvidence } from "./assess-evidence.ts";
import type { Coverage } from "./coverage.ts";
import { evidenceAt, recordedEvidence } from "./evidence-at.ts";
import type { StepInput } from "./observation.ts";
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
  /** Every look that was counted, this one last. */
  readonly series: readonly Look[];
  /** What the verdict rests on. */
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly coverage: Coverage;
  /** Instant of the look that first found the wave covered; it bakes from then on. */
  readonly bakedSince: number | undefined;
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

/** What a record says of a judgement: the verdict, and all that it was computed from. */
export interface JudgedRecord {
  readonly verdict: Verdict;
  readonly judged: RecordedEvidence;
}

/** The part of a record that tells what the gate said, and why. */
export function decidedBy({ verdict, evidence, series }: Judged): JudgedRecord {
  return { verdict, judged: recordedEvidence(evidence, series) };
}

/**
 * The verdict of the look that a gate's stop was decided on, judged again from the stored series: whoever records the
 * stop may look later, when the devices are on their way back and the counts no longer show why.
 */
export function verdictOfStop(input: StepInput, intent: RolloutIntent, stop: Stop): JudgedRecord | undefined {
  const looks = input.observation.store?.looks.get(intent.attempt) ?? [];
  const deciding = looks.findLast(({ at }) => isoInstant(at) === stop.at);
  return deciding === undefined ? undefined : decidedBy(judgeLook(input, intent, deciding));
}

function judgeLook({ observation, deciding }: StepInput, intent: RolloutIntent, look: Look): Judged {
  const stored = observation.store?.looks.get(intent.attempt) ?? [];
  const series = [...stored.filter(({ at }) => at < look.at), look] as const;
  const evidence = evidenceAt({ intent, series, queryLagMs: deciding.queryLagMs });
  const verdict = assessEvidence(evidence, intent.release);
  const { coverage, bakedSince } = evidence;
  return { kind: "judged", intent, look, series, evidence, verdict, coverage, bakedSince };
}
