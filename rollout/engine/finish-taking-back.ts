import { askCounts, totalOf } from "../model/question.ts";
import { isAborted, type RolloutIntent } from "../model/record.ts";
import { exposedCondition } from "../plan/queries.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import { recentlyActiveQuery } from "./recently-active.ts";
import type { Step } from "./step.ts";

/** Two evaluations of the hub, which are five minutes apart [IoT Hub: automatic device management]. */
const EVALUATIONS_MS = 2 * 5 * 60_000;

/** Taken back for good: no recently active device runs, installs or answers the release any more. */
export function finishTakingBack(input: StepInput): Step | undefined {
  for (const intent of input.observation.store?.head?.record.intents ?? []) {
    if (intent.state !== "rolling back" || isTooEarly(input, intent)) continue;
    const remaining = askCounts(input.observation.answers, { devices: remainingQuery(input, intent) });
    if (remaining.kind === "ask") return remaining;
    if (remaining.kind === "failed" || totalOf(remaining.value.devices) > 0) continue;
    const done: RolloutIntent = { ...intent, state: "rolled back" };
    const reason = "every recently active device that had it reports another version";
    return nextRecord(input, { kind: "rolled back", subject: intent.attempt, changed: [done], reason });
  }
  return undefined;
}

/**
 * Nobody counted is no news while the hub has not evaluated the stop yet and its queries may lag: devices that were told
 * a moment ago have not answered.
 */
function isTooEarly(
  { observation, deciding }: StepInput,
  { abortedAt = observation.at }: RolloutIntent,
): boolean {
  return observation.at < abortedAt + EVALUATIONS_MS + deciding.queryLagMs;
}

/** Devices still to come back, once the question was answered. */
export function remainingDevices(input: StepInput, intent: RolloutIntent): number | undefined {
  const answer = input.observation.answers.get(remainingQuery(input, intent));
  return answer?.kind === "count" ? totalOf(answer.byStratum) : undefined;
}

function remainingQuery(input: StepInput, intent: RolloutIntent): string {
  const { declared, observation } = input;
  const { attempt, version } = intent;
  // A halted attempt of the same version keeps its devices: theirs say nothing about this one.
  const isKept = (observation.store?.head?.record.intents ?? []).some(
    (other) => other.attempt !== attempt && other.version === version && !isAborted(other),
  );
  const exposed = exposedCondition({
    product: declared.product,
    attempt,
    ...(isKept ? {} : { version }),
  });
  return recentlyActiveQuery(input, exposed);
}
