import type { Problem } from "../../model/problem.ts";
import { totalOf, type Answers, type Asked } from "../../model/question.ts";
import { budgetSplit } from "./budget-split.ts";
import { capAboveFleet, capStopsGood } from "./caps.ts";
import { checkInGap } from "./check-in-gap.ts";
import { clusteredWaves } from "./clustered-waves.ts";
import { lateStrata } from "./late-strata.ts";
import { singleMeasurements, smallControl, unknownTotals } from "./measured-metrics.ts";
import type { RiskInput, RiskRule } from "./risk.ts";
import { ratesApart, toleranceAboveHistory } from "./separation.ts";
import { smokeSize } from "./smoke-size.ts";
import { stopLatency } from "./stop-latency.ts";
import { stuckInHold } from "./stuck-in-hold.ts";
import { lastStep, roundedWaves } from "./wave-steps.ts";

/** Rules that need no count of their own, by their numbers in `lint-rules.ts`. */
const RULES: readonly RiskRule[] = [
  smokeSize,
  stuckInHold,
  capStopsGood,
  ratesApart,
  toleranceAboveHistory,
  lateStrata,
  stopLatency,
  budgetSplit,
  roundedWaves,
  lastStep,
  capAboveFleet,
  unknownTotals,
  smallControl,
  singleMeasurements,
];

/** Rules that count devices first. */
const COUNTED = [checkInGap, clusteredWaves] as const;

/** Every warning about a release on this fleet; what the hub does not answer is no warning. */
export function riskProblems(input: RiskInput, answers: Answers): Asked<readonly Problem[]> {
  if (totalOf(input.planned.devices) === 0) return { kind: "known", value: [] };
  const counted = COUNTED.map((rule) => rule(input, answers));
  const questions = counted.flatMap((asked) => (asked.kind === "ask" ? asked.questions : []));
  if (questions.length > 0) return { kind: "ask", questions };
  const found = counted.flatMap((asked) => (asked.kind === "known" ? asked.value : []));
  return { kind: "known", value: [...RULES.flatMap((rule) => rule(input)), ...found] };
}
