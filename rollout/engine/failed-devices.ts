import { MOST_NAMED } from "../model/cohort.ts";
import { askDevices, type Asked } from "../model/question.ts";
import { isJudged, isRolledOut, type Intent, type RolloutIntent } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import { deviceIds, outcomeCondition } from "../plan/queries.ts";
import type { StepInput } from "./observation.ts";

/** The query for the devices that failed an attempt, as far as they still say so. */
export function failedQuery({ attempt, release }: Pick<RolloutIntent, "attempt" | "release">): string {
  return deviceIds(outcomeCondition({ product: release.product, attempt, outcome: "failed" }));
}

/**
 * Intents that are being stopped for good, with the ids of the devices that failed them: on their way back devices
 * answer another attempt, and nobody could name them any more. A hub that does not say, or names more than a cohort can
 * hold, keeps no stop from being recorded.
 */
export function withFailedDevices(
  input: StepInput,
  intents: readonly Intent[],
  stops: readonly Stop[],
): Asked<readonly Intent[]> {
  const ended = new Set<string>(stops.filter(({ kind }) => kind !== "hold").map(({ attempt }) => attempt));
  const found: Intent[] = [];
  for (const intent of intents) {
    if (!isJudged(intent) || !ended.has(intent.attempt)) {
      found.push(intent);
      continue;
    }
    const failed = askDevices(input.observation.answers, failedQuery(intent), MOST_NAMED);
    if (failed.kind === "ask") return failed;
    const isNamed = failed.kind === "known" && failed.value.length > 0 && failed.value.length <= MOST_NAMED;
    found.push(isNamed ? { ...intent, failed: failed.value.toSorted() } : intent);
  }
  return { kind: "known", value: found };
}

/** Devices that failed more than one attempt of a product, as far as the records name them. */
export function repeatFailers(intents: readonly Intent[]): readonly string[] {
  const seen = new Map<string, number>();
  for (const intent of intents) {
    if (!isRolledOut(intent)) continue;
    for (const deviceId of intent.failed ?? []) seen.set(deviceId, (seen.get(deviceId) ?? 0) + 1);
  }
  return [...seen]
    .filter(([, times]) => times > 1)
    .map(([deviceId]) => deviceId)
    .sort();
}
