import { assessPartial } from "../gate/assess.ts";
import { countsOf } from "../gate/counts.ts";
import { partialCounts } from "../gate/partial-counts.ts";
import type { Evidence, RecordedEvidence } from "../model/evidence.ts";
import { accessLatencyMs } from "../model/fleet.ts";
import { isoInstant } from "../model/instant.ts";
import type { Look } from "../model/look.ts";
import type { Question } from "../model/question.ts";
import { isJudged, type RolloutIntent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Reason, StopVerdict, Verdict } from "../model/verdict.ts";
import { assessEvidence, slowedBy, withMetrics } from "./assess-evidence.ts";
import type { Coverage } from "./coverage.ts";
import { evidenceAt, metricsAt, ratesOf, recordedEvidence, thresholdsOf } from "./evidence-at.ts";
import type { StepInput } from "./observation.ts";
import { withOverride } from "./override.ts";
import { readMetrics } from "./read-metrics.ts";
import { takeLook, type TakenLook } from "./take-look.ts";

/** One release under judgement, at this look. */
export type Judgement =
  | Judged
  | JudgedInPart
  /** The hub answered no count: no verdict, and so no promotion. */
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
  /** Why no further part of the wave may open, where something speaks against the release. */
  readonly slowed?: Reason;
  /** What the sources of metrics said of their trouble, for people; never recorded. */
  readonly troubles?: readonly string[];
}

/** A release of which something was counted, and something was not: it may be stopped, never let on, and is no part of the series. */
export interface JudgedInPart {
  readonly kind: "partial";
  readonly intent: RolloutIntent;
  readonly look: Look;
  readonly verdict: StopVerdict;
  /** What did not answer, in words. Never empty. */
  readonly missing: readonly string[];
  readonly reason: string;
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
    if (look.kind === "ask") {
      questions.push(...look.questions);
      continue;
    }
    if (look.kind === "failed" && intent.release.gate.metrics === undefined) {
      judgements.push({ kind: "unanswered", intent, reason: look.reason });
      continue;
    }
    const taken = look.kind === "known" ? look.value : uncounted(input, intent, look.reason);
    const { metrics, questions: open, troubles } = readMetrics(input, intent, taken.look);
    const asRead = { ...taken, look: { ...taken.look, ...(metrics === undefined ? {} : { metrics }) } };
    // What was counted may suffice to stop: nothing waits for a source then.
    const judged = judgeTaken(input, intent, { ...(open.length === 0 ? asRead : taken), troubles });
    if (open.length === 0 || judged.verdict.kind === "abort") judgements.push(judged);
    else questions.push(...open);
  }
  return { judgements, questions };
}

function judgeTaken(
  input: StepInput,
  intent: RolloutIntent,
  { troubles, ...taken }: TakenLook & { readonly troubles: readonly string[] },
): Judged | JudgedInPart {
  if (taken.missing.length > 0) return judgePart(input, intent, taken);
  return { ...judgeLook(input, intent, taken.look), ...(troubles.length === 0 ? {} : { troubles }) };
}

/** A look at which the hub counted nothing: metrics may be read all the same. */
function uncounted({ observation }: StepInput, { wave }: RolloutIntent, reason: string): TakenLook {
  const look = { at: observation.at, wave, views: { all: {}, wave: {} }, answered: 0 };
  return { look, missing: [reason] };
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

function judgeLook(
  { observation, deciding, declared }: StepInput,
  intent: RolloutIntent,
  look: Look,
): Judged {
  const series = seriesUpTo(observation, intent, look);
  const { activeWithinMs } = declared.fleet;
  const evidence = evidenceAt({
    intent,
    series,
    queryLagMs: silenceLagMs({ deciding, declared }),
    activeWithinMs,
  });
  const { coverage, bakedSince } = evidence;
  const slowed = slowedBy(evidence, intent.release);
  return {
    kind: "judged",
    intent,
    look,
    series,
    evidence,
    verdict: withOverride(assessEvidence(evidence, intent.release), intent, evidence),
    coverage,
    bakedSince,
    ...(slowed === undefined ? {} : { slowed }),
  };
}

/** What is missing only hides failures: abort is judged on what could be read [design.md §6]. */
function judgePart(
  { observation, deciding, declared }: StepInput,
  intent: RolloutIntent,
  { look, missing }: TakenLook,
): JudgedInPart {
  const { release, strata, targeted } = intent;
  const { gate } = release;
  const series = seriesUpTo(observation, intent, look);
  const { metrics: byName } = metricsAt(intent, series);
  const counts = countsOf({
    looks: series,
    deadlineMs: gate.deadlineMs,
    deadlineMsByStratum: gate.deadlineMsByStratum,
    queryLagMs: silenceLagMs({ deciding, declared }),
  });
  const isEvidence = intent.state !== "watching" && release.waves[intent.wave]?.kind === "evidence";
  const judged = {
    gate,
    counts: partialCounts(counts, targeted),
    strata,
    thresholds: thresholdsOf(release, strata.length),
    rates: ratesOf(intent),
    metrics: byName === undefined ? undefined : { atMs: look.at, byName },
  };
  const kind = isEvidence ? "evidence" : "other";
  const verdict = withMetrics(assessPartial({ ...judged, kind, missing }), judged);
  return { kind: "partial", intent, look, verdict, missing, reason: `no answer of ${missing.join(", ")}` };
}

/** How much later than its deadline a device may be heard of that is well. */
export function silenceLagMs({ deciding, declared }: Pick<StepInput, "deciding" | "declared">): number {
  return deciding.queryLagMs + accessLatencyMs(declared.fleet.products[declared.product]);
}

/** The stored looks before one, and itself at the end. */
function seriesUpTo(
  { store }: StepInput["observation"],
  { attempt }: RolloutIntent,
  look: Look,
): readonly [...Look[], Look] {
  return [...(store?.looks.get(attempt) ?? []).filter(({ at }) => at < look.at), look];
}
