import { formatPercentage } from "../model/percentage.ts";
import { ALL_STRATA, type Judge, type Metric } from "../model/metric.ts";
import type { BinomialNumbers, LimitNumbers, MetricNumbers, RatioNumbers } from "../model/metric-reading.ts";
import type { Reason } from "../model/verdict.ts";
import { evidenceOf } from "./evidence-of.ts";
import { formatEvidence, formatThreshold, withThousands } from "./format-evidence.ts";
import type { BetaShapes } from "./log-beta-ratio.ts";
import { logEAbort } from "./log-e-abort.ts";
import { isOver } from "./metric-limit.ts";
import { priorOf } from "./prior.ts";
import { ratioLogE } from "./rate-ratio.ts";

/** How far one stratum's numbers of a metric speak against a release. */
export interface AgainstMetric {
  readonly isEnough: boolean;
  /** Part of the way to a stop: of the logarithm of the evidence, or of the bad measurements in a row. */
  readonly share: number;
  readonly reason: Reason;
}

/** True where one more part of a wave like the last could bring it to a stop. */
export function isOverHalfWay({ share }: AgainstMetric): boolean {
  return share > 0.5;
}

/** What speaks against a release, the nearest to a stop first. */
export function againstMetric(
  metric: Metric,
  numbers: MetricNumbers,
  { judged, threshold }: { readonly judged: readonly string[]; readonly threshold: number },
): readonly AgainstMetric[] {
  const found = (): AgainstMetric[] => {
    const { judge } = metric;
    switch (numbers.kind) {
      case "limit":
        if (judge.kind !== "limit") return [];
        return Object.entries(numbers.byStratum).map(([stratum, own]) =>
          overLimit(metric, judge, stratum, own),
        );
      case "binomial":
        if (judge.kind !== "binomial") return [];
        return budgeted(numbers.byStratum, judged).map(([stratum, own]) =>
          tooOften({ metric, judge, stratum, own, threshold }),
        );
      case "rate ratio":
        if (judge.kind !== "rate ratio") return [];
        return budgeted(numbers.byStratum, judged).map(([stratum, own]) =>
          worseThanControl({ metric, judge, stratum, own, threshold }),
        );
    }
  };
  return found().toSorted((one, other) => other.share - one.share);
}

/** Prior of a rate: the mean is the rate that must not ship, or a rate well above the tolerated one where none is said. */
export function metricPrior({ tolerate, reject }: Extract<Judge, { kind: "binomial" }>): BetaShapes {
  return priorOf({ reject: reject ?? Math.min(5 * tolerate, (1 + tolerate) / 2) });
}

function budgeted<T>(byStratum: Readonly<Record<string, T>>, judged: readonly string[]): [string, T][] {
  return Object.entries(byStratum).filter(([stratum]) => judged.includes(stratum));
}

function overLimit(
  { name }: Metric,
  judge: Extract<Judge, { kind: "limit" }>,
  stratum: string,
  { value, failing }: LimitNumbers,
): AgainstMetric {
  const { above, below, failures } = judge;
  const limits = [
    ...(above === undefined ? [] : [`at most ${above}`]),
    ...(below === undefined ? [] : [`at least ${below}`]),
  ].join(" and ");
  const often = isOver(value, judge) && failures > 1 ? `, ${failing} of ${failures} times in a row` : "";
  const text = `metric ${name}: ${Number(value.toPrecision(6))}${inStratum(stratum)}, the limit is ${limits}${often}`;
  return {
    isEnough: failing >= failures,
    share: failing / failures,
    reason: { code: "METRIC_LIMIT", metric: name, ...at(stratum), k: failing, threshold: failures, text },
  };
}

interface Judged<Kind extends Judge["kind"], Numbers> {
  readonly metric: Metric;
  readonly judge: Extract<Judge, { kind: Kind }>;
  readonly stratum: string;
  readonly own: Numbers;
  readonly threshold: number;
}

function tooOften(input: Judged<"binomial", BinomialNumbers>): AgainstMetric {
  const { metric, judge, stratum, own, threshold } = input;
  const logE = logEAbort({ k: own.bad, n: own.total, p0: judge.tolerate, ...metricPrior(judge) });
  const found = `${withThousands(own.bad)} of ${withThousands(own.total)} bad${inStratum(stratum)}`;
  const against = `at most ${formatPercentage(judge.tolerate)}`;
  const numbers = { k: own.bad, n: own.total };
  return byEvidence({ code: "METRIC_RATE", metric, stratum, numbers, logE, threshold, found, against });
}

function worseThanControl(input: Judged<"rate ratio", RatioNumbers>): AgainstMetric {
  const { metric, judge, stratum, own, threshold } = input;
  const { treated, control, logRatios } = own;
  const found = `${withThousands(treated)} events of treated devices, ${withThousands(control)} of the hold-out${inStratum(stratum)}`;
  const against = `a rate of at most ${judge.tolerate} times the hold-out's`;
  const numbers = { k: treated, n: treated + control };
  const logE = ratioLogE(logRatios);
  return byEvidence({ code: "METRIC_RATIO", metric, stratum, numbers, logE, threshold, found, against });
}

function byEvidence(input: {
  readonly code: "METRIC_RATE" | "METRIC_RATIO";
  readonly metric: Metric;
  readonly stratum: string;
  readonly numbers: { readonly k: number; readonly n: number };
  readonly logE: number;
  readonly threshold: number;
  readonly found: string;
  readonly against: string;
}): AgainstMetric {
  const { code, metric, stratum, numbers, logE, threshold, found, against } = input;
  const evidence = evidenceOf(logE);
  const text = `metric ${metric.name}: ${found}: evidence ${formatEvidence(evidence)} against ${against}, abort at ${formatThreshold(threshold)}`;
  return {
    isEnough: logE >= Math.log(threshold),
    share: logE / Math.log(threshold),
    reason: { code, metric: metric.name, ...at(stratum), ...numbers, evidence, threshold, text },
  };
}

function at(stratum: string): { readonly stratum?: string } {
  return stratum === ALL_STRATA ? {} : { stratum };
}

function inStratum(stratum: string): string {
  return stratum === ALL_STRATA ? "" : ` in ${stratum}`;
}
