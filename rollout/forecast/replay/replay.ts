import { assessEvidence } from "../../engine/assess-evidence.ts";
import { sumCounts } from "../../gate/sum-counts.ts";
import type { AttemptId } from "../../model/attempt.ts";
import type { Evidence } from "../../model/evidence.ts";
import type { Gate } from "../../model/gate.ts";
import type { Look } from "../../model/look.ts";
import { isAborted, isJudged, type RolloutIntent } from "../../model/record.ts";
import type { StoreContents } from "../../model/store-contents.ts";
import type { Reason } from "../../model/verdict.ts";
import { evidenceInCourse, firstRounds, intentAt } from "./look-in-course.ts";
import { recordedCourses, type RecordedCourse } from "./recorded-course.ts";
import { underGate } from "./under-gate.ts";

/** One recorded rollout, and what another gate would have made of its looks. */
export interface Replay {
  readonly attempt: AttemptId;
  readonly version: string;
  /** Looks that are stored; 0: nothing can be replayed. */
  readonly looks: number;
  /** Epoch ms of the first and the last look. */
  readonly from?: number;
  readonly until?: number;
  /** How it was stopped, by a gate or by a person; absent: it was not. */
  readonly recorded?: StopAt;
  /** The first look at which the other gate stops it; absent: no stored look does. */
  readonly replayed?: StopAt & { readonly reasons: readonly Reason[] };
  readonly waves: readonly ReplayedWave[];
}

/** A stop, and how many devices it came too late for. */
export interface StopAt {
  /** Epoch ms. */
  readonly at: number;
  /** Name of the widest wave that was open. */
  readonly wave: string;
  /** Who: `gate` or a person's name. */
  readonly by: string;
  /** Devices that had made contact by then. */
  readonly contacted: number;
  /** Of them, failed or silent by the deadline of the gate at hand. */
  readonly bad: number;
}

/** A wave that was left behind, and when the other gate would have let it on. */
export interface ReplayedWave {
  readonly wave: string;
  /** Epoch ms of the record that let it on. */
  readonly promotedAt: number;
  /** Epoch ms of the first look of this wave at which the other gate promotes; absent: none does. */
  readonly promotesAt?: number;
  /** Why it still holds at the last look of the wave, when it never promotes. */
  readonly holds?: readonly Reason[];
}

/**
 * Judge the stored looks of every recorded rollout by another gate. Exposure is as it was: what a gate would have seen
 * after it had decided otherwise is in no record, so of each wave only its first decision counts, and nothing is said about
 * the time after the last look. Strata, and which of them can prove, are those the rollout was started with.
 */
export function replay(contents: StoreContents, gate: Gate): readonly Replay[] {
  return recordedCourses(contents).map((course) =>
    replayCourse(course, contents.looks.get(course.attempt) ?? [], gate),
  );
}

function replayCourse(course: RecordedCourse, stored: readonly Look[], gate: Gate): Replay {
  const looks = firstRounds(stored.toSorted((a, b) => a.at - b.at));
  const judged = looks.flatMap((look, index) => judgeAt(course, looks.slice(0, index + 1), gate, look));
  const stop = judged.find(({ verdict }) => verdict.kind === "abort");
  const recorded = recordedStop(course, looks);
  const [first] = looks;
  return {
    attempt: course.attempt,
    version: course.steps.at(-1)?.intent.version ?? "",
    looks: looks.length,
    ...(first === undefined ? {} : { from: first.at, until: looks.at(-1)?.at ?? first.at }),
    ...(recorded === undefined ? {} : { recorded }),
    ...(stop === undefined
      ? {}
      : { replayed: { ...stopAt(stop.evidence, stop.intent, "gate"), reasons: stop.verdict.reasons } }),
    waves: promotions(course).map((promotion) => replayWave(promotion, judged)),
  };
}

interface JudgedLook {
  readonly intent: RolloutIntent;
  readonly evidence: Evidence;
  readonly verdict: ReturnType<typeof assessEvidence>;
}

/** A look under the state that the release had when it was taken; none while nobody judged it. */
function judgeAt(
  course: RecordedCourse,
  series: readonly Look[],
  gate: Gate,
  look: Look,
): readonly JudgedLook[] {
  const recorded = intentAt(course, look);
  if (recorded === undefined || !isJudged(recorded)) return [];
  const release = underGate(recorded.release, gate);
  const intent = { ...recorded, release };
  const evidence = evidenceInCourse(course, intent, [...series.slice(0, -1), look]);
  return [{ intent, evidence, verdict: assessEvidence(evidence, release) }];
}

function recordedStop(course: RecordedCourse, looks: readonly Look[]): StopAt | undefined {
  const index = course.steps.findIndex(({ intent }) => isAborted(intent) || intent.state === "halted");
  const step = course.steps[index];
  const before = course.steps[index - 1]?.intent;
  const until = looks.filter(({ at }) => step !== undefined && at <= step.at);
  const last = until.at(-1);
  if (step === undefined || before === undefined || last === undefined) return undefined;
  const evidence = evidenceInCourse(course, before, [...until.slice(0, -1), last]);
  return { ...stopAt(evidence, before, step.actor), at: step.at };
}

function stopAt({ at, counts }: Evidence, { release, wave }: RolloutIntent, by: string): StopAt {
  const { most, failed, silent } = sumCounts(Object.values(counts.cumulative));
  return { at, wave: release.waves[wave]?.name ?? "", by, contacted: most, bad: failed + silent };
}

interface Promotion {
  readonly wave: number;
  readonly name: string;
  readonly at: number;
}

function promotions({ steps }: RecordedCourse): readonly Promotion[] {
  return steps.flatMap(({ kind, at, isOwn }, index) => {
    const before = steps[index - 1]?.intent;
    if (!isOwn || before === undefined || (kind !== "promote" && kind !== "complete")) return [];
    return [{ wave: before.wave, name: before.release.waves[before.wave]?.name ?? "", at }];
  });
}

function replayWave({ wave, name, at }: Promotion, judged: readonly JudgedLook[]): ReplayedWave {
  const open = judged.filter(({ evidence }) => evidence.wave === wave && evidence.judgedAs === "open");
  const promotes = open.find(({ verdict }) => verdict.kind === "promote");
  const last = open.at(-1);
  return {
    wave: name,
    promotedAt: at,
    ...(promotes === undefined ? {} : { promotesAt: promotes.evidence.at }),
    ...(promotes === undefined && last?.verdict.kind === "hold" ? { holds: last.verdict.reasons } : {}),
  };
}
