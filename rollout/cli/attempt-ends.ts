import type { NamedRecord } from "../engine/observation.ts";
import type { AttemptId } from "../model/attempt.ts";
import { isRolledOut, isStopped, type RolloutIntent } from "../model/record.ts";

/** What became of one attempt, as far as people are told of it. */
export interface AttemptEnd {
  readonly attempt: AttemptId;
  /** As the last record that knows its release has it. */
  readonly intent: RolloutIntent;
  /** The record that held, halted or aborted it last; absent: nothing ever did. */
  readonly stoppedBy?: NamedRecord;
  /** What came after: its devices are back, or it was resumed. */
  readonly followedBy?: NamedRecord | undefined;
  /** The record of its completion. */
  readonly completedBy?: NamedRecord;
}

/** Every attempt of a chain with its end so far, oldest first. `chain` has the newest record first. */
export function attemptEnds(chain: readonly NamedRecord[]): readonly AttemptEnd[] {
  const ends = new Map<AttemptId, AttemptEnd>();
  for (const named of chain.toReversed()) {
    for (const intent of named.record.intents) {
      if (isRolledOut(intent)) ends.set(intent.attempt, next(ends.get(intent.attempt), intent, named));
    }
  }
  return [...ends.values()];
}

/** True while an attempt is held, or was stopped for good. */
export function isAtRest({ intent }: AttemptEnd): boolean {
  return intent.state === "held" || isStopped(intent);
}

function next(before: AttemptEnd | undefined, intent: RolloutIntent, named: NamedRecord): AttemptEnd {
  const end: AttemptEnd = { ...before, attempt: intent.attempt, intent };
  const isNew = before?.intent.state !== intent.state;
  const completed =
    before?.completedBy === undefined && intent.completedAt !== undefined ? { completedBy: named } : {};
  if (!isNew) return { ...end, ...completed };
  if (intent.state === "rolled back" && before?.intent.state === "rolling back")
    return { ...end, followedBy: named };
  if (isAtRest(end)) return { ...end, stoppedBy: named, followedBy: undefined };
  return { ...end, ...completed, ...(before !== undefined && isAtRest(before) ? { followedBy: named } : {}) };
}
