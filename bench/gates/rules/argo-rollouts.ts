import { successRate, type Rule } from "./rule.ts";

/**
 * A metric of an Argo Rollouts analysis, as far as it decides. Restated from argoproj/argo-rollouts,
 * analysis/analysis.go `assessMetricStatus` and `runMeasurements` (commit 045c1cf), and docs/features/analysis.md,
 * "Background Analysis" (commit 010ad55). Where the two differ, the code is restated: the page says that three bad
 * measurements fail an analysis with `failureLimit: 3`, the code asks for more than three.
 */
export interface ArgoMetric {
  /** The number in `successCondition: result >= …`: a measurement below it is Failed. */
  readonly least: number;
  /** Failed measurements that are tolerated in the whole run; default of Argo: 0. */
  readonly failureLimit: number;
  /** Measurements in a row without a result that are tolerated; default of Argo: 4. */
  readonly consecutiveErrorLimit: number;
}

/** The page's example of a background analysis. */
export const ARGO_EXAMPLE: ArgoMetric = { least: 0.95, failureLimit: 3, consecutiveErrorLimit: 4 };

/** What an analysis run has counted. */
export interface ArgoResult {
  readonly failed: number;
  readonly consecutiveError: number;
}

/** A run that has measured nothing. */
export const NOTHING_MEASURED: ArgoResult = { failed: 0, consecutiveError: 0 };

/** Count one measurement; undefined is a query without a result, which is an error, neither success nor failure. */
function measure(result: ArgoResult, value: number | undefined, { least }: ArgoMetric): ArgoResult {
  if (value === undefined) return { ...result, consecutiveError: result.consecutiveError + 1 };
  return { failed: result.failed + (value >= least ? 0 : 1), consecutiveError: 0 };
}

/** What a background run is found to be: `Failed` and `Error` abort the rollout. */
export function assessMetric(
  { failed, consecutiveError }: ArgoResult,
  { failureLimit, consecutiveErrorLimit }: ArgoMetric,
): "Failed" | "Error" | "Running" {
  if (failed > failureLimit) return "Failed";
  return consecutiveError > consecutiveErrorLimit ? "Error" : "Running";
}

/**
 * Argo Rollouts' rule: a background analysis that measures at each look the share of good outcomes among all reported
 * ones. With one condition there is nothing inconclusive; steps are the waves, their `pause` the bake.
 */
export function argoRollouts(metric: ArgoMetric): Rule {
  return {
    name: "Argo Rollouts",
    start: () => {
      let result = NOTHING_MEASURED;
      return ({ everyone }) => {
        result = measure(result, successRate(everyone), metric);
        return assessMetric(result, metric) === "Running" ? "go" : "stop";
      };
    },
  };
}
