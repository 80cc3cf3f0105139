import type { AttemptId } from "../model/attempt.ts";
import type { Look } from "../model/look.ts";
import { totalOf } from "../model/question.ts";
import type { RecordedCourse } from "./replay/recorded-course.ts";

/** An earlier rollout, as its records and looks tell it. */
export interface PastRollout {
  readonly attempt: AttemptId;
  /** When each wave opened (epoch ms), and how many recently active devices it added. */
  readonly waves: readonly { readonly openedAt: number; readonly added: number }[];
  readonly looks: readonly Look[];
}

/**
 * What an earlier rollout says of the fleet; undefined where no look is stored, and of another attempt for the devices
 * that failed: that says nothing of the others.
 */
export function pastRolloutOf(
  { attempt, steps }: RecordedCourse,
  looks: readonly Look[],
): PastRollout | undefined {
  if (looks.length === 0 || steps.some(({ intent }) => intent.only !== undefined)) return undefined;
  const waves: { openedAt: number; added: number }[] = [];
  for (const { intent } of steps)
    waves[intent.wave] = { openedAt: intent.openedAt, added: totalOf(intent.added) };
  return { attempt, waves, looks };
}
