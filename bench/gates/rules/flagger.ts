import { successRate, type Rule } from "./rule.ts";

/**
 * Flagger's canary analysis. Restated from fluxcd/flagger, pkg/controller/scheduler.go `advanceCanary` (commit 0016895),
 * pkg/controller/scheduler_metrics.go `runBuiltinMetricChecks` (commit 06d3204) and docs/gitbook/usage/how-it-works.md,
 * "Canary resource" (commit 061c179).
 */
export interface FlaggerAnalysis {
  /** `thresholdRange.min` of request-success-rate, in percent. */
  readonly min: number;
  /** Failed checks, in the whole analysis, at which the canary is rolled back. */
  readonly threshold: number;
}

/** The page's example: `threshold: 10`, `thresholdRange: {min: 99}`. */
export const FLAGGER_EXAMPLE: FlaggerAnalysis = { min: 99, threshold: 10 };

/** Check a success rate, in percent; a query without a result fails its check. */
function isCheckPassed(value: number | undefined, { min }: FlaggerAnalysis): boolean {
  return value !== undefined && value >= min;
}

/**
 * Flagger's rule, one interval a look: failed checks are counted and never forgotten, a failed check halts the advance,
 * and the run after the one that reached the threshold rolls back.
 */
export function flagger(analysis: FlaggerAnalysis): Rule {
  return {
    name: "Flagger",
    start: () => {
      let failedChecks = 0;
      return ({ everyone }) => {
        if (failedChecks >= analysis.threshold) return "stop";
        // No check before anything is routed to the canary.
        if (everyone.contacted === 0) return "wait";
        const rate = successRate(everyone);
        if (isCheckPassed(rate === undefined ? undefined : 100 * rate, analysis)) return "go";
        failedChecks += 1;
        return "wait";
      };
    },
  };
}
