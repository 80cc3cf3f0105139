import type { Rule, Seen } from "./rule.ts";

/**
 * AWS IoT Jobs' abort criteria. Restated from docs.aws.amazon.com/iot/latest/apireference/API_AbortCriteria.html and the
 * developer guide, "Using job rollout abort configurations": awsdocs/aws-iot-docs, developerguide/job-rollout-abort.md
 * (commit 0361377); the timer of TIMED_OUT from developerguide/jobs-configurations-details.md (commit 0fc8f1c). A
 * rejected update is a failed one here: devices of the comparison do not tell the two apart.
 */
export interface AbortCriterion {
  readonly failureType: "FAILED" | "TIMED_OUT" | "ALL";
  /** At least this many percent of the completed executions. */
  readonly thresholdPercentage: number;
  /** Completed executions before which the criterion is not looked at. */
  readonly minNumberOfExecutedThings: number;
}

/** The sample configuration of the developer guide. */
export const AWS_SAMPLE: readonly AbortCriterion[] = [
  { failureType: "FAILED", minNumberOfExecutedThings: 100, thresholdPercentage: 20 },
  { failureType: "TIMED_OUT", minNumberOfExecutedThings: 200, thresholdPercentage: 50 },
];

/**
 * True when a criterion cancels the job. TIMED_OUT is an execution that was in progress for longer than the job's timer,
 * here the deadline; a device that never answered stays QUEUED, and is not counted.
 */
function isAbortReached({ ok, failed, silent }: Seen, criterion: AbortCriterion): boolean {
  const completed = ok + failed + silent;
  if (completed < criterion.minNumberOfExecutedThings) return false;
  const failures = { FAILED: failed, TIMED_OUT: silent, ALL: failed + silent }[criterion.failureType];
  return failures / completed >= criterion.thresholdPercentage / 100;
}

/** AWS IoT Jobs' rule: one job for the whole rollout, any of its criteria cancels it. */
export function awsIotJobs(criteria: readonly AbortCriterion[]): Rule {
  return {
    name: "AWS IoT Jobs",
    start:
      () =>
      ({ everyone }) =>
        criteria.some((criterion) => isAbortReached(everyone, criterion)) ? "stop" : "go",
  };
}
