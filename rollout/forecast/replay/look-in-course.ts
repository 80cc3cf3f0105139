import { evidenceAt } from "../../engine/evidence-at.ts";
import type { Evidence } from "../../model/evidence.ts";
import type { Look } from "../../model/look.ts";
import type { RolloutIntent } from "../../model/record.ts";
import type { RecordedCourse } from "./recorded-course.ts";

/** A run looks once a round: what it counted at the same instant after a step is no news of the wave. */
export function firstRounds(looks: readonly Look[]): readonly Look[] {
  return looks.filter(({ at, wave }, index) => {
    const before = looks[index - 1];
    return before?.at !== at || before.wave !== wave;
  });
}

/**
 * The state that a release had when a look was taken. A record carries the instant of the look that decided it: that look
 * still saw what stood before, a second one did not.
 */
export function intentAt(
  { steps }: RecordedCourse,
  { at, wave }: Pick<Look, "at" | "wave">,
): RolloutIntent | undefined {
  const before = steps.findLast((step) => step.at < at) ?? steps[0];
  if (before?.intent.wave === wave) return before.intent;
  return (steps.findLast((step) => step.at <= at && step.intent.wave === wave) ?? before)?.intent;
}

/** What the last look of a series, and all before it, say about a release in a state of its course. */
export function evidenceInCourse(
  { queryLagMs, activeWithinMs }: RecordedCourse,
  intent: RolloutIntent,
  series: readonly [...Look[], Look],
): Evidence {
  return evidenceAt({ intent, series, queryLagMs, activeWithinMs });
}
