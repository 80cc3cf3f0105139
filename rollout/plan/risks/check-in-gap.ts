import { deadlineOf } from "../../model/deadline.ts";
import { formatDuration } from "../../model/duration.ts";
import { ownValue } from "../../model/own-value.ts";
import { formatPercentage } from "../../model/percentage.ts";
import { askCounts, totalOf, type Answers, type Asked } from "../../model/question.ts";
import type { Problem } from "../../model/problem.ts";
import { countByStratum, reachableCondition } from "../queries.ts";
import { gateRisk, type RiskInput } from "./risk.ts";

/** How long a device may be away and still be one that is recently active, ms. */
const WEEK_MS = 7 * 86_400_000;

/**
 * L04: a deadline shorter than the pause between two check-ins of too many devices: whoever makes contact and sleeps looks
 * silent. Of the devices seen within a week, those not seen within a deadline are about as many as those that pause longer;
 * who is connected is seen now.
 */
export function checkInGap({ planned, facts }: RiskInput, answers: Answers): Asked<readonly Problem[]> {
  const { gate } = planned.release;
  const condition = planned.waves.at(-1)?.condition;
  const deadlines = new Set(Object.keys(planned.devices).map((stratum) => deadlineOf(gate, stratum)));
  const short = [...deadlines].filter((ms) => ms < WEEK_MS);
  if (condition === undefined || short.length === 0) return { kind: "known", value: [] };
  const seenWithin = (ms: number): string => countByStratum(reachableCondition(condition, facts.now - ms));
  const queries = Object.fromEntries([WEEK_MS, ...short].map((ms) => [`${ms}`, seenWithin(ms)]));
  const asked = askCounts(answers, queries);
  if (asked.kind !== "known") return asked;
  const within: Readonly<Record<string, Readonly<Record<string, number>>>> = asked.value;
  const week = within[`${WEEK_MS}`] ?? {};
  const away = Object.entries(week)
    .map(([stratum, devices]) => {
      const deadlineMs = deadlineOf(gate, stratum);
      const seen = deadlineMs < WEEK_MS ? (ownValue(within[`${deadlineMs}`] ?? {}, stratum) ?? 0) : devices;
      return { stratum, devices, deadlineMs, seldom: devices - seen };
    })
    .filter(({ devices, seldom }) => seldom / devices > gate.tolerate);
  if (away.length === 0) return { kind: "known", value: [] };
  const share = away.reduce((sum, { seldom }) => sum + seldom, 0) / totalOf(week);
  const where = away.map(
    ({ stratum, devices, seldom, deadlineMs }) =>
      `${seldom} of ${devices} in ${stratum} for ${formatDuration(deadlineMs)}`,
  );
  return {
    kind: "known",
    value: [
      gateRisk(planned, "deadline", {
        code: "DEADLINE_SHORT",
        summary: `devices seen within 7 days were not seen within their deadline, ${where.join(", ")}: about ${formatPercentage(share)} look silent though nothing is wrong, ${formatPercentage(gate.tolerate)} are tolerated`,
        hint: 'raise the deadline over the pause between two check-ins, or give such a stratum its own: deadline: { default: "...", strata: { "...": "..." } }',
      }),
    ],
  };
}
