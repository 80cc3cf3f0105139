import { askCounts } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import { activeCondition, countByStratum } from "../plan/queries.ts";
import type { Exposable } from "../plan/reach.ts";
import { waveCondition } from "../plan/wave-condition.ts";
import { windowsUpTo } from "../plan/wave-windows.ts";
import { decidedBy, type Judgement } from "./judge.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** Carry a running release on: to its next wave, or to its end, which never widens. undefined: it holds. */
export function carryOn(input: StepInput, judgement: Judgement): Step | undefined {
  if (judgement.kind !== "judged" || judgement.verdict.kind !== "promote") return undefined;
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
  // A window made from counts is computed now, once, and kept by the record.
  const windows = windowsUpTo(intent, { from: wave + 1, to: wave + 1 }, input.observation.answers);
  if (windows.kind === "ask") return { kind: "ask", questions: windows.questions };
  if (windows.kind === "failed" || windows.value === undefined) return undefined;
  const wider: RolloutIntent = { ...intent, windows: windows.value };
  const counts = targetedBy(input, wider, wave + 1);
  if (counts.kind !== "known") return counts.kind === "ask" ? counts : undefined;
  const promoted: RolloutIntent = {
    ...wider,
    wave: wave + 1,
    condition: waveCondition(wider, wave + 1),
    openedAt: input.observation.at,
    part: 1,
    partOpenedAt: input.observation.at,
    targeted: counts.targeted,
    added: counts.added,
  };
  return nextRecord(input, {
    kind: "promote",
    subject,
    changed: [promoted],
    reason: `${reason}; opens "${next.name}"`,
    decidedBy: decided,
  });
}

/** Recently active devices that a wave aims at, and those it adds: what its coverage is measured against. */
export function targetedBy(
  { declared, observation }: StepInput,
  exposable: Exposable,
  wave: number,
):
  | Extract<Step, { kind: "ask" }>
  | { readonly kind: "failed" }
  | {
      readonly kind: "known";
      readonly targeted: Readonly<Record<string, number>>;
      readonly added: Readonly<Record<string, number>>;
    } {
  const since = Math.floor((observation.at - declared.fleet.activeWithinMs) / 60_000) * 60_000;
  const query = (index: number): string =>
    countByStratum(activeCondition(waveCondition(exposable, index), since));
  // The first wave has none before it: its own query stands in, and nobody is subtracted.
  const counts = askCounts(observation.answers, { wide: query(wave), before: query(Math.max(0, wave - 1)) });
  if (counts.kind === "ask") return { kind: "ask", questions: counts.questions };
  if (counts.kind === "failed") return { kind: "failed" };
  const wide = counts.value.wide;
  const before: Readonly<Record<string, number>> = wave === 0 ? {} : counts.value.before;
  const added = Object.fromEntries(
    Object.entries(wide).map(([stratum, devices]) => [
      stratum,
      Math.max(0, devices - (before[stratum] ?? 0)),
    ]),
  );
  return { kind: "known", targeted: wide, added };
}
