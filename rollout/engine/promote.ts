import type { RolloutIntent } from "../model/record.ts";
import { partCondition } from "../plan/wave-condition.ts";
import { windowsUpTo } from "../plan/wave-windows.ts";
import { growthBar } from "./growth-bar.ts";
import { decidedBy, type Judged, type Judgement } from "./judge.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { askTargeted } from "./targeted-devices.ts";

/**
 * Carry a running release on: to the next part of its wave, to its next wave, or to its end, which never widens and so
 * asks no calendar. undefined: it holds.
 */
export function carryOn(input: StepInput, judgement: Judgement): Step | undefined {
  if (judgement.kind !== "judged") return undefined;
  if (hasMoreParts(judgement.intent)) return openPart(input, judgement);
  if (judgement.verdict.kind !== "promote") return undefined;
  const { intent, verdict } = judgement;
  const subject = intent.attempt;
  const { release, wave } = intent;
  const decided = decidedBy(judgement);
  const reason = verdict.reasons[0]?.text ?? "";
  const next = release.waves[wave + 1];
  if (next === undefined) {
    const completed: RolloutIntent = { ...intent, state: "watching", completedAt: input.observation.at };
    return nextRecord(input, { kind: "complete", subject, changed: [completed], reason, decidedBy: decided });
  }
  if (growthBar(input, { ...intent, wave: wave + 1 }) !== undefined) return undefined;
  // A window made from counts is computed now, once, and kept by the record.
  const windows = windowsUpTo(intent, { from: wave + 1, to: wave + 1 }, input.observation.answers);
  if (windows.kind === "ask") return windows;
  if (windows.kind === "failed" || windows.value === undefined) return undefined;
  const wider: RolloutIntent = { ...intent, windows: windows.value };
  const devices = askTargeted(input, wider, { wave: wave + 1, part: 1 });
  if (devices.kind !== "known") return devices.kind === "ask" ? devices : undefined;
  const promoted: RolloutIntent = {
    ...wider,
    wave: wave + 1,
    condition: partCondition(wider, wave + 1, 1),
    openedAt: input.observation.at,
    part: 1,
    partOpenedAt: input.observation.at,
    ...devices.value,
  };
  return nextRecord(input, {
    kind: "promote",
    subject,
    changed: [promoted],
    reason: `${reason}; opens ${next.pace === undefined ? "" : `part 1 of ${next.pace.parts} of `}"${next.name}"`,
    decidedBy: decided,
  });
}

/** True while a paced wave has parts that are still to open: only after the last is it judged for promotion. */
export function hasMoreParts({
  release,
  wave,
  part,
}: Pick<RolloutIntent, "release" | "wave" | "part">): boolean {
  return part < (release.waves[wave]?.pace?.parts ?? 1);
}

/** Open the next part of a wave, when its time has come and nothing speaks against the release. */
function openPart(input: StepInput, judged: Judged): Step | undefined {
  const { intent, verdict, slowed } = judged;
  const { release, wave, part, partOpenedAt } = intent;
  const pace = release.waves[wave]?.pace;
  if (pace === undefined || verdict.kind === "abort" || slowed !== undefined) return undefined;
  if (!(input.observation.at >= partOpenedAt + pace.everyMs)) return undefined;
  if (growthBar(input, intent) !== undefined) return undefined;
  const devices = askTargeted(input, intent, { wave, part: part + 1 });
  if (devices.kind !== "known") return devices.kind === "ask" ? devices : undefined;
  const opened: RolloutIntent = {
    ...intent,
    part: part + 1,
    partOpenedAt: input.observation.at,
    condition: partCondition(intent, wave, part + 1),
    ...devices.value,
  };
  const reason = `opens part ${part + 1} of ${pace.parts} of "${release.waves[wave]?.name ?? ""}"`;
  return nextRecord(input, {
    kind: "widen",
    subject: intent.attempt,
    changed: [opened],
    reason,
    decidedBy: decidedBy(judged),
  });
}
