import { thresholdsOf } from "../engine/evidence-at.ts";
import { unapprovedWaves } from "../engine/growth-bar.ts";
import { firstRounds } from "../forecast/replay/look-in-course.ts";
import type { RecordedStep } from "../forecast/replay/recorded-course.ts";
import type { AttemptId } from "../model/attempt.ts";
import { totalOf } from "../model/question.ts";
import { isStopped, type RolloutIntent, type RolloutState } from "../model/record.ts";
import type { Gate } from "../model/gate.ts";
import type { Wave } from "../model/wave.ts";
import type { harmBands, HarmBands } from "./harm-bands.ts";
import { judgedLooks, type JudgedLook } from "./judged-looks.ts";
import type { LookedCourse } from "./looked-course.ts";
import { progressOf, type ProgressPoint } from "./progress.ts";
import { timeToUpdate, type StratumTimes } from "./time-to-update.ts";

/** One attempt to roll a release out, from its start to its end, or to the newest record. */
export interface RolloutStory {
  readonly attempt: AttemptId;
  readonly version: string;
  readonly state: RolloutState;
  readonly author: string;
  /** Epoch ms of the record that started it. */
  readonly startedAt: number;
  /** Epoch ms of the record that completed or stopped it; absent while it is under way. */
  readonly endedAt?: number;
  /** How it stands, in a sentence. */
  readonly headline: string;
  /** Who held, halted or stopped it, and why; absent otherwise. */
  readonly stop?: { readonly actor: string; readonly reason: string };
  readonly gate: Pick<Gate, "tolerate" | "reject" | "harmCap" | "falseStop" | "missedBad">;
  /** Evidence at which the gate acts. */
  readonly thresholds: ReturnType<typeof thresholdsOf>;
  readonly waves: readonly WaveStory[];
  /** Devices aimed at over time: what each record that changed the exposure left. */
  readonly exposure: readonly ExposureStep[];
  /** What the looks counted over time, all strata together. */
  readonly progress: readonly ProgressPoint[];
  /** Strata that had devices at the start, and what the gate made of each at the looks. */
  readonly strata: readonly string[];
  readonly judged: readonly JudgedLook[];
  readonly times: readonly StratumTimes[];
  /** What a forecast says of a release at the gate's two rates; absent where the records do not tell enough for one. */
  readonly bands?: HarmBands;
  /** True while a wave to come wants approvals that are not given. */
  readonly isUnapproved: boolean;
  /** Stored looks; 0: all that is shown of devices is what records hold. */
  readonly looks: number;
}

/** One wave of it. */
export interface WaveStory {
  readonly name: string;
  readonly kind: Wave["kind"];
  /** `stopped`: the release was stopped, or left, while it was open; `never`: before it could open. */
  readonly state: "passed" | "open" | "ahead" | "stopped" | "never";
  /** Epoch ms; absent while it has not opened. */
  readonly openedAt?: number;
  /** Epoch ms of the record that let the release on. */
  readonly promotedAt?: number;
  /** Recently active devices that it added, by stratum; absent while it has not opened. */
  readonly added?: Readonly<Record<string, number>>;
}

/** Exposure from an instant on. */
export interface ExposureStep {
  /** Epoch ms. */
  readonly at: number;
  /** Recently active devices under the release's condition. */
  readonly devices: number;
  /** Index of the widest wave; absent once it is taken back. */
  readonly wave?: number;
}

/** The story of one attempt; rollouts before it say how the fleet behaves. */
export function rolloutStory({
  course,
  looks: stored,
  earlier,
  bandsOf,
}: LookedCourse & {
  readonly earlier: readonly LookedCourse[];
  readonly bandsOf: typeof harmBands;
}): RolloutStory {
  const looks = firstRounds(stored.toSorted((one, other) => one.at - other.at));
  const { steps } = course;
  const { intent } = lastOf(steps);
  const { release, attempt, version, state, author, strata } = intent;
  const ended = steps.find((step) => isOver(step));
  const bands = bandsOf(course, earlier);
  return {
    attempt,
    version,
    state,
    author,
    startedAt: steps[0]?.at ?? intent.openedAt,
    ...(ended === undefined ? {} : { endedAt: ended.at }),
    headline: headlineOf(steps),
    ...stopOf(steps),
    gate: release.gate,
    thresholds: thresholdsOf(release, strata.length),
    waves: wavesOf(steps),
    exposure: exposureOf(steps),
    progress: progressOf(looks),
    strata,
    judged: judgedLooks(course, looks),
    times: timeToUpdate(steps, looks),
    ...(bands === undefined ? {} : { bands }),
    isUnapproved: isUnapproved(intent),
    looks: looks.length,
  };
}

function lastOf(steps: readonly RecordedStep[]): RecordedStep {
  const last = steps.at(-1);
  if (last === undefined) throw new RangeError("a course without a record tells nothing");
  return last;
}

function isUnapproved({ state, wave: open, ...intent }: RolloutIntent): boolean {
  return (state === "running" || state === "held") && unapprovedWaves({ ...intent, open }).length > 0;
}

function isOver({ intent }: RecordedStep): boolean {
  return isStopped(intent) || intent.completedAt !== undefined || intent.state === "superseded";
}

function headlineOf(steps: readonly RecordedStep[]): string {
  const { intent } = lastOf(steps);
  const { version, release, wave, state } = intent;
  const name = release.waves[wave]?.name ?? "";
  const place = `wave "${name}" (${wave + 1} of ${release.waves.length})`;
  switch (state) {
    case "running":
      return `${version} is under way in ${place}`;
    case "held":
      return `${version} is held in ${place}`;
    case "watching":
      return `${version} reached everyone, and is still watched`;
    case "settled":
      return `${version} reached everyone, and is settled`;
    case "superseded":
      return `${version} was left in ${place}: a newer release took its place`;
    case "rolling back":
      return `${version} was stopped in ${place}; its devices are coming back`;
    case "rolled back":
      return `${version} was stopped in ${place}; its devices are back`;
    case "halted":
      return `${version} was halted in ${place}: its devices keep it, nobody else gets it`;
  }
}

function stopOf(steps: readonly RecordedStep[]): Pick<RolloutStory, "stop"> {
  const { intent } = lastOf(steps);
  if (intent.state !== "held" && !isStopped(intent)) return {};
  const kinds = intent.state === "held" ? ["hold"] : ["abort", "halt"];
  const found = steps.findLast(({ kind, isOwn }) => isOwn && kinds.includes(kind));
  return found === undefined ? {} : { stop: { actor: found.actor, reason: found.reason } };
}

function wavesOf(steps: readonly RecordedStep[]): readonly WaveStory[] {
  const { intent: last } = lastOf(steps);
  const isGone = isStopped(last) || last.state === "superseded";
  return last.release.waves.map(({ name, kind }, index) => {
    const opened = steps.find(({ intent }) => intent.wave === index);
    const promoted =
      last.release.waves[index + 1] === undefined
        ? steps.find(({ intent }) => intent.completedAt !== undefined)
        : steps.find(({ intent }) => intent.wave > index);
    const added = steps.findLast(({ intent }) => intent.wave === index)?.intent.added;
    const reached = opened === undefined ? (isGone ? "never" : "ahead") : isGone ? "stopped" : "open";
    return {
      name,
      kind,
      state: promoted === undefined ? reached : "passed",
      ...(opened === undefined ? {} : { openedAt: opened.intent.openedAt, added: added ?? {} }),
      ...(promoted === undefined ? {} : { promotedAt: promoted.at }),
    };
  });
}

function exposureOf(steps: readonly RecordedStep[]): readonly ExposureStep[] {
  const found: ExposureStep[] = [];
  for (const { at, intent } of steps) {
    const isEmptied = intent.state === "rolling back" || intent.state === "rolled back";
    const devices = isEmptied ? 0 : totalOf(intent.targeted);
    const before = found.at(-1);
    if (before?.devices === devices && (isEmptied || before.wave === intent.wave)) continue;
    found.push({ at, devices, ...(isEmptied ? {} : { wave: intent.wave }) });
  }
  return found;
}
