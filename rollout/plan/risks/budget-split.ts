import { abortBoundary } from "../../gate/abort-boundary.ts";
import { formatThreshold } from "../../gate/format-evidence.ts";
import { priorOf } from "../../gate/prior.ts";
import { gateRisk, type RiskRule } from "./risk.ts";

/** Tests that may share the budget before it is worth a word. */
const MANY_TESTS = 16;
const AFTER = [50, 100, 500] as const;

/** L12: a budget split over so many tests that each of them stops notably later. */
export const budgetSplit: RiskRule = ({ planned }) => {
  const { gate } = planned.release;
  const { wave } = planned.thresholds;
  const tests = Math.round(wave * gate.falseStop);
  if (tests <= MANY_TESTS) return [];
  const failures = (alpha: number): readonly number[] =>
    AFTER.map((n) => abortBoundary({ n, p0: gate.tolerate, alpha, ...priorOf(gate) }));
  const [whole, split] = [failures(gate.falseStop), failures(1 / wave)];
  const cost = AFTER.map((n, index) => `${whole[index] ?? 0} to ${split[index] ?? 0} of ${n}`);
  return [
    gateRisk(planned, "falseStop", {
      code: "BUDGET_THIN",
      summary: `${tests} tests share it: a wave stops at evidence ${formatThreshold(wave)} instead of ${formatThreshold(1 / gate.falseStop)}, so the failures that stop it rise from ${cost.join(", ")} devices`,
      hint: "join strata that fail together, declare fewer evidence waves, or raise falseStop",
    }),
  ];
};
