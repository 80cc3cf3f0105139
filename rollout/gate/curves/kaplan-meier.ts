import { normalQuantile } from "../intervals/normal.ts";
import { requireChance } from "../require-argument.ts";
import { eventTimes } from "./event-times.ts";

/** How long one device was watched, and whether it ended with the event (else it was lost sight of). */
export interface Lifetime {
  readonly time: number;
  readonly isEvent: boolean;
}

/** Share still without the event just after an instant, and how well it is known. */
export interface SurvivalEstimate {
  readonly survival: number;
  /** Greenwood's. */
  readonly standardError: number;
  /** Log-log limits: they stay between 0 and 1. */
  readonly lower: number;
  readonly upper: number;
}

/**
 * Product-limit estimate at an instant [Kaplan & Meier 1958], with Greenwood's variance and log-log limits [Kalbfleisch &
 * Prentice]. Right for ONE kind of end; where there are several, take `cumulativeIncidence`.
 */
export function kaplanMeier({
  lifetimes,
  at,
  conf,
}: {
  readonly lifetimes: readonly Lifetime[];
  readonly at: number;
  readonly conf: number;
}): SurvivalEstimate {
  requireChance("conf", conf);
  let survival = 1;
  let greenwood = 0;
  const ends = lifetimes.map(({ time, isEvent }) => ({ time, cause: isEvent ? "event" : undefined }));
  for (const { time, atRisk, byCause } of eventTimes(ends)) {
    if (time > at) break;
    const events = byCause.get("event") ?? 0;
    survival *= 1 - events / atRisk;
    greenwood += events / (atRisk * (atRisk - events));
  }
  if (survival === 1) return { survival, standardError: 0, lower: 1, upper: 1 };
  if (survival === 0) return { survival, standardError: 0, lower: 0, upper: 0 };
  const spread = (normalQuantile(0.5 + conf / 2) * Math.sqrt(greenwood)) / Math.log(survival);
  return {
    survival,
    standardError: survival * Math.sqrt(greenwood),
    lower: survival ** Math.exp(-spread),
    upper: survival ** Math.exp(spread),
  };
}
