import { bakeNeededMs } from "../../rollout/engine/assess-evidence.ts";
import {
  POOLED,
  type Judge,
  type RuleCounts,
  type RuledRollout,
  type StopRule,
} from "../../rollout/forecast/stop-rule.ts";
import type { View } from "../../rollout/model/verdict.ts";
import type { Rule, Seen, Shown } from "./rules/rule.ts";

/**
 * A rule as the simulator takes it. None of the systems has our coverage and bake, so all are given the same: a wave may
 * only end where ours does, and their rule says stop, or not yet. A device that makes contact late counts for the wave
 * that is open then.
 */
export function stopRuleOf(rule: Rule): StopRule {
  return { name: rule.name, judgeOf: (rollout) => judgeOf(rule, rollout) };
}

function judgeOf(rule: Rule, { release: { waves, gate }, lookMs, queryLagMs }: RuledRollout): Judge {
  let judge = rule.start();
  let coveredWave = -1;
  let coveredAt = 0;
  let shown: Shown | undefined;
  return {
    reset() {
      judge = rule.start();
      coveredWave = -1;
    },
    at(counts) {
      // The counts are one object that changes: what reads them is made once.
      shown ??= shownOf(counts);
      const answer = judge(shown);
      if (answer === "stop") return "stop";
      const wave = waves[counts.wave];
      if (wave === undefined) return "hold";
      if (coveredWave !== counts.wave) {
        if (counts.contacted(POOLED, "wave") < gate.coverage * counts.active(POOLED, "wave"))
          return "contacting";
        coveredWave = counts.wave;
        coveredAt = counts.look;
      }
      if ((counts.look - coveredAt) * lookMs < bakeNeededMs(wave, gate, queryLagMs)) return "baking";
      return answer === "go" ? "go" : "hold";
    },
    // A rule that counts its looks has to see each of them.
    askAgainAt: 0,
  };
}

function shownOf(counts: RuleCounts): Shown {
  return {
    get wave() {
      return counts.wave;
    },
    group: seenOf(counts, "wave"),
    everyone: seenOf(counts, "cumulative"),
  };
}

function seenOf(counts: RuleCounts, view: View): Seen {
  return {
    get targeted() {
      return counts.targeted(POOLED, view);
    },
    get contacted() {
      return counts.contacted(POOLED, view);
    },
    get ok() {
      return counts.succeeded(POOLED, view);
    },
    get failed() {
      return counts.failed(POOLED, view);
    },
    get silent() {
      return counts.timedOut(POOLED, view);
    },
  };
}
