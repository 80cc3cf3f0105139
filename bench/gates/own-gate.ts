import { gateRule } from "../../rollout/forecast/gate-rule.ts";
import type { RuleCounts, StopRule } from "../../rollout/forecast/stop-rule.ts";
import { formatPercentage } from "../../rollout/model/percentage.ts";
import type { View } from "../../rollout/model/verdict.ts";
import type { Contender } from "./contender.ts";
import { GATE } from "./fleet.ts";

/** wavegate's gate, as it judges. What is tuned is its budget, `falseStop`. */
export const wavegate = contenderOf({ name: "wavegate", rule: gateRule });

/**
 * wavegate's gate as it could be: told of each device that is past its own deadline. As it is, it knows of silence only
 * what the counts of its looks leave no doubt of, which devices that make contact late hide.
 */
export const clockedGate: Contender = contenderOf({
  name: "(not built) wavegate, a clock for each device",
  rule: { ...gateRule, judgeOf: clockedJudge },
});

function contenderOf({ name, rule }: { readonly name: string; readonly rule: StopRule }): Contender {
  return {
    name,
    documented: { rule, settings: `falseStop ${formatPercentage(GATE.falseStop)}` },
    tuned: {
      ruleAt: (setting) => ({ name, judgeOf: withBudget(rule, 1 / setting) }),
      settingsAt: (setting) => `falseStop ${(100 / setting).toFixed(2)}%`,
      // Above 1 there is no budget to declare.
      between: [1.001, 1000],
    },
  };
}

function withBudget(rule: StopRule, falseStop: number): StopRule["judgeOf"] {
  return ({ release, ...rollout }) =>
    rule.judgeOf({ ...rollout, release: { ...release, gate: { ...release.gate, falseStop } } });
}

function clockedJudge(...[rollout]: Parameters<StopRule["judgeOf"]>): ReturnType<StopRule["judgeOf"]> {
  const judge = gateRule.judgeOf(rollout);
  let clocked: RuleCounts | undefined;
  return {
    reset: () => {
      judge.reset();
    },
    at(counts) {
      clocked ??= withClocks(counts);
      return judge.at(clocked);
    },
    get askAgainAt() {
      return judge.askAgainAt;
    },
  };
}

/** The same counts, which go on changing, but for silence. */
function withClocks(counts: RuleCounts): RuleCounts {
  const silent = (stratum: number, view: View): number => counts.timedOut(stratum, view);
  return Object.create(counts, { silent: { value: silent } }) as RuleCounts;
}
