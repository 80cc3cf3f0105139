import type { Rule, Seen } from "./rule.ts";

/**
 * Device Update for IoT Hub's rollback policy. Restated from
 * learn.microsoft.com/javascript/api/@azure/iot-device-update/cloudinitiatedrollbackpolicyfailure and "Use optional
 * arguments" of MicrosoftDocs/azure-docs, articles/iot-hub-device-update/deploy-update.md (commit 03968e7). Neither says
 * of which devices the percentage is; it is read as the deployment's, which the service counts as `totalDevices`.
 */
export interface RollbackPolicy {
  readonly devicesFailedPercentage: number;
  readonly devicesFailedCount: number;
}

/** The values of the documentation's example: `--failed-count 10 --failed-percentage 5`. */
export const DEVICE_UPDATE_EXAMPLE: RollbackPolicy = { devicesFailedPercentage: 5, devicesFailedCount: 10 };

/** True when a deployment is rolled back: both the count and the percentage are reached. Silence is not counted. */
function isRollbackReached(
  { failed, targeted }: Seen,
  { devicesFailedPercentage, devicesFailedCount }: RollbackPolicy,
): boolean {
  return failed >= devicesFailedCount && failed / targeted >= devicesFailedPercentage / 100;
}

/**
 * Device Update's rule. It has no waves: each wave is a deployment to a group of its own with the same policy, and the
 * operator opens the next by hand. One that is rolled back ends the rollout.
 */
export function deviceUpdate(policy: RollbackPolicy): Rule {
  return {
    name: "Device Update",
    start:
      () =>
      ({ group }) =>
        isRollbackReached(group, policy) ? "stop" : "go",
  };
}
