import type { StopRule } from "../../rollout/forecast/stop-rule.ts";
import type { Contender } from "./contender.ts";
import { GATE } from "./fleet.ts";
import { clockedGate, wavegate } from "./own-gate.ts";
import { ARGO_EXAMPLE, argoRollouts } from "./rules/argo-rollouts.ts";
import { AWS_SAMPLE, awsIotJobs } from "./rules/aws-iot-jobs.ts";
import { DEVICE_UPDATE_EXAMPLE, deviceUpdate } from "./rules/device-update.ts";
import { flagger, FLAGGER_EXAMPLE } from "./rules/flagger.ts";
import { hawkbit, HAWKBIT_DEFAULTS } from "./rules/hawkbit.ts";
import { peekedWilson, WILSON_USUAL } from "./rules/peeked-wilson.ts";
import { stopRuleOf } from "./stop-rule-of.ts";

const PERCENT: Contender["tuned"]["between"] = [0.2, 100];

/** All that take part: our own gate, the others, and what our own could be. */
export const CONTENDERS: readonly Contender[] = [
  wavegate,
  {
    name: "hawkBit",
    documented: {
      rule: stopRuleOf(hawkbit(HAWKBIT_DEFAULTS)),
      settings: `error above ${HAWKBIT_DEFAULTS.error}%, success ${HAWKBIT_DEFAULTS.success}%`,
    },
    tuned: {
      ruleAt: (error) => stopRuleOf(hawkbit({ ...HAWKBIT_DEFAULTS, error })),
      settingsAt: (error) => `error above ${percent(error)}, success ${HAWKBIT_DEFAULTS.success}%`,
      between: PERCENT,
    },
  },
  {
    name: "AWS IoT Jobs",
    documented: {
      rule: stopRuleOf(awsIotJobs(AWS_SAMPLE)),
      settings: "FAILED 20% of 100, TIMED_OUT 50% of 200",
    },
    tuned: {
      ruleAt: (thresholdPercentage) =>
        stopRuleOf(awsIotJobs([{ failureType: "ALL", thresholdPercentage, minNumberOfExecutedThings: 100 }])),
      settingsAt: (threshold) => `ALL ${percent(threshold)} of 100`,
      between: PERCENT,
    },
  },
  {
    name: "Device Update",
    documented: { rule: stopRuleOf(deviceUpdate(DEVICE_UPDATE_EXAMPLE)), settings: "10 failed and 5%" },
    tuned: {
      ruleAt: (devicesFailedPercentage) =>
        stopRuleOf(deviceUpdate({ ...DEVICE_UPDATE_EXAMPLE, devicesFailedPercentage })),
      settingsAt: (threshold) =>
        `${DEVICE_UPDATE_EXAMPLE.devicesFailedCount} failed and ${percent(threshold)}`,
      between: PERCENT,
    },
  },
  {
    name: "Argo Rollouts",
    documented: { rule: stopRuleOf(argoRollouts(ARGO_EXAMPLE)), settings: "success >= 95%, failureLimit 3" },
    tuned: {
      ruleAt: (failing) => stopRuleOf(argoRollouts({ ...ARGO_EXAMPLE, least: 1 - failing / 100 })),
      settingsAt: (failing) =>
        `success >= ${percent(100 - failing)}, failureLimit ${ARGO_EXAMPLE.failureLimit}`,
      between: PERCENT,
    },
  },
  {
    name: "Flagger",
    documented: { rule: stopRuleOf(flagger(FLAGGER_EXAMPLE)), settings: "min 99, threshold 10" },
    tuned: {
      ruleAt: (failing) => stopRuleOf(flagger({ ...FLAGGER_EXAMPLE, min: 100 - failing })),
      settingsAt: (failing) => `min ${(100 - failing).toFixed(2)}, threshold ${FLAGGER_EXAMPLE.threshold}`,
      between: PERCENT,
    },
  },
  {
    name: "peeked Wilson",
    documented: { rule: wilsonAt(WILSON_USUAL.z), settings: "95%, from 20 devices" },
    tuned: {
      ruleAt: wilsonAt,
      settingsAt: (z) => `z ${z.toFixed(2)}, from ${WILSON_USUAL.least} devices`,
      between: [0.5, 20],
    },
  },
  clockedGate,
];

function wilsonAt(z: number): StopRule {
  return stopRuleOf(peekedWilson({ ...WILSON_USUAL, tolerate: GATE.tolerate, z }));
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
