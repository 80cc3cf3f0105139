import { ownValue } from "../model/own-value.ts";
import { formatPercentage } from "../model/percentage.ts";
import { ALL_STRATA, type Judge, type Metric } from "../model/metric.ts";
import type { BinomialNumbers } from "../model/metric-reading.ts";
import type { Reason } from "../model/verdict.ts";
import { evidenceOf } from "./evidence-of.ts";
import { formatEvidence, formatThreshold, withThousands } from "./format-evidence.ts";
import type { WaveInput } from "./gate-input.ts";
import { logEPromote } from "./log-e-promote.ts";
import { metricPrior } from "./metric-abort.ts";

/**
 * What metrics that declare a rate which must not ship have not proven yet, where they are enforced: every stratum that
 * can prove the main gate has to, or all devices where the source tells no strata apart. The counts are those of the
 * whole rollout: the chance that a release which must not ship ever passes is at most `missedBad`.
 */
export function unprovenMetrics({
  gate,
  metrics,
  proving,
  thresholds,
}: Pick<WaveInput, "gate" | "metrics" | "proving" | "thresholds">): readonly Reason[] {
  return (gate.metrics ?? []).flatMap((metric): Reason[] => {
    const { judge, mode } = metric;
    const numbers = metrics?.byName[metric.name]?.numbers;
    if (mode === "shadow" || judge.kind !== "binomial" || judge.reject === undefined) return [];
    const byStratum = numbers?.kind === "binomial" ? numbers.byStratum : {};
    const strata = byStratum[ALL_STRATA] === undefined ? proving : [ALL_STRATA];
    return strata.flatMap(
      (stratum) =>
        shortOf({
          metric,
          judge,
          stratum,
          own: ownValue(byStratum, stratum),
          threshold: thresholds.promote,
        }) ?? [],
    );
  });
}

/** Why a stratum has not proven a metric; undefined: it has. */
function shortOf(input: {
  readonly metric: Metric;
  readonly judge: Extract<Judge, { kind: "binomial" }>;
  readonly stratum: string;
  readonly own: BinomialNumbers | undefined;
  readonly threshold: number;
}): Reason | undefined {
  const { metric, judge, stratum, threshold } = input;
  const { unproven: k, total: n } = input.own ?? { unproven: 0, total: 0 };
  const { reject = 1 } = judge;
  const logE = logEPromote({ k, n, p1: reject, ...metricPrior(judge) });
  if (n > 0 && logE >= Math.log(threshold)) return undefined;
  const evidence = evidenceOf(logE);
  const where = stratum === ALL_STRATA ? {} : { stratum };
  const found = `${withThousands(k)} of ${withThousands(n)} not known to be well${stratum === ALL_STRATA ? "" : ` in ${stratum}`}`;
  const text = `metric ${metric.name}: ${found}: evidence ${formatEvidence(evidence)} that fewer than ${formatPercentage(reject)} are bad, promote at ${formatThreshold(threshold)}`;
  return { code: "SHORT_OF_EVIDENCE", metric: metric.name, ...where, k, n, evidence, threshold, text };
}
