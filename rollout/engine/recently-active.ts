import { activeCondition, countByStratum } from "../plan/queries.ts";
import type { StepInput } from "./observation.ts";

/**
 * The query for the devices under a condition that were active within the fleet's `activeWithin`, by stratum. Its instant
 * is a whole minute: the same question within a run has the same text, and so one answer.
 */
export function recentlyActiveQuery(
  { declared, observation }: Pick<StepInput, "declared" | "observation">,
  condition: string,
): string {
  const since = Math.floor((observation.at - declared.fleet.activeWithinMs) / 60_000) * 60_000;
  return countByStratum(activeCondition(condition, since));
}
