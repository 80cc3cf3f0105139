import type { Rule, Seen } from "./rule.ts";

/**
 * Eclipse hawkBit's rollout groups. Restated from eclipse-hawkbit/hawkbit,
 * hawkbit-repository/hawkbit-repository-jpa/src/main/java/org/eclipse/hawkbit/repository/jpa/:
 * rollout/condition/ThresholdRolloutGroupErrorCondition.java line 56 and ThresholdRolloutGroupSuccessCondition.java
 * line 56 (commit 09106d2), scheduler/JpaRolloutExecutor.java `executeRunningGroups` (commit 08b324c).
 */
export interface HawkbitConditions {
  /** Percent of a group's targets that may fail; more pause the whole rollout. hawkBit takes whole numbers only. */
  readonly error: number;
  /** Percent of a group's targets that must have succeeded before the next group starts. */
  readonly success: number;
}

/**
 * What hawkBit's own builder sets: RolloutGroupConditionBuilder.java `withDefaults` (hawkbit-repository-api, commit
 * 453146b).
 */
export const HAWKBIT_DEFAULTS: HawkbitConditions = { error: 50, success: 50 };

/** True when a group pauses the rollout: strictly more than the threshold, of all its targets, whether they answered or not. */
function isErrorReached({ failed, targeted }: Seen, percent: number): boolean {
  return targeted > 0 && failed / targeted > percent / 100;
}

/** True when a group lets the next one start; a group without targets does. */
function isSuccessReached({ ok, targeted }: Seen, percent: number): boolean {
  return targeted === 0 || ok / targeted >= percent / 100;
}

/** hawkBit's rule. A group is judged until all of its targets have reported; silence is never counted. */
export function hawkbit({ error, success }: HawkbitConditions): Rule {
  return {
    name: "hawkBit",
    start: () => {
      let finished = -1;
      return ({ wave, group }) => {
        if (wave !== finished) {
          if (isErrorReached(group, error)) return "stop";
          // In this order: the last report of a group can still stop the rollout.
          if (group.ok + group.failed === group.targeted) finished = wave;
        }
        return isSuccessReached(group, success) ? "go" : "wait";
      };
    },
  };
}
