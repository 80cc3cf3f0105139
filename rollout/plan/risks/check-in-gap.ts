import { formatDuration } from "../../model/duration.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { askCounts, totalOf, type Answers, type Asked } from "../../model/question.ts";
import type { Problem } from "../../model/problem.ts";
import { activeCondition, countByStratum } from "../queries.ts";
import { gateRisk, type RiskInput } from "./risk.ts";

/** How long a device may be away and still be one that is recently active, ms. */
const WEEK_MS = 7 * 86_400_000;

/**
 * L04: a deadline shorter than the pause between two check-ins of too many devices: whoever makes contact and sleeps looks
 * silent. Of the devices seen within a week, those not seen within a deadline are about as many as those that pause longer.
 */
export function checkInGap({ planned, facts }: RiskInput, answers: Answers): Asked<readonly Problem[]> {
  const { deadlineMs, tolerate } = planned.release.gate;
  const condition = planned.waves.at(-1)?.condition;
  if (condition === undefined || deadlineMs >= WEEK_MS) return { kind: "known", value: [] };
  const seenWithin = (ms: number): string => countByStratum(activeCondition(condition, facts.now - ms));
  const asked = askCounts(answers, { week: seenWithin(WEEK_MS), deadline: seenWithin(deadlineMs) });
  if (asked.kind !== "known") return asked;
  const { week, deadline } = asked.value;
  const away = Object.entries(week)
    .map(([stratum, devices]) => ({ stratum, devices, seldom: devices - (deadline[stratum] ?? 0) }))
    .filter(({ devices, seldom }) => seldom / devices > tolerate);
  if (away.length === 0) return { kind: "known", value: [] };
  const share = away.reduce((sum, { seldom }) => sum + seldom, 0) / totalOf(week);
  const where = away.map(({ stratum, devices, seldom }) => `${seldom} of ${devices} in ${stratum}`);
  return {
    kind: "known",
    value: [
      gateRisk(planned, "deadline", {
        code: "DEADLINE_SHORT",
        summary: `${where.join(", ")} were not seen for ${formatDuration(deadlineMs)} (of those seen within 7 days): about ${formatPercentage(share)} look silent though nothing is wrong, ${formatPercentage(tolerate)} are tolerated`,
        hint: "raise the deadline over the pause between two check-ins, or give those devices a stratum of their own",
      }),
    ],
  };
}
