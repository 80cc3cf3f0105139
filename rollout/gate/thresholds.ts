import type { Thresholds } from "../model/evidence.ts";
import type { Gate } from "../model/gate.ts";
import { takesBudget } from "../model/metric.ts";
import { requireChance, requireCount } from "./require-argument.ts";

/**
 * Split the chance to stop a good release over everything that may stop it: half to the cumulative view, half over the
 * evidence waves declared, each share equally over the gates and the strata. The sum of the chances is the promise, whatever the
 * tests have in common (Bonferroni). Without evidence waves the second half stays unspent: the cumulative threshold
 * then means the same in every release. Promotion needs every stratum at once and is not split.
 */
export function thresholds({
  falseStop,
  missedBad,
  strata,
  evidenceWaves,
  gates = 1,
}: {
  readonly falseStop: number;
  readonly missedBad: number;
  /** Strata with devices at the start, at least 1. */
  readonly strata: number;
  readonly evidenceWaves: number;
  /** The gate itself and its metrics that may stop by chance; default 1. */
  readonly gates?: number;
}): Thresholds {
  requireChance("falseStop", falseStop);
  requireChance("missedBad", missedBad);
  requireCount("strata", strata, 1);
  requireCount("evidenceWaves", evidenceWaves);
  requireCount("gates", gates, 1);
  const cumulative = (2 * strata * gates) / falseStop;
  return { cumulative, wave: cumulative * Math.max(1, evidenceWaves), promote: 1 / missedBad };
}

/** Gates that share the chance to stop a good release: the main one, and each metric that is enforced and no limit. */
export function gatesOf({ metrics = [] }: Pick<Gate, "metrics">): number {
  return 1 + metrics.filter(takesBudget).length;
}
