import { assessWatched, assessWave } from "../gate/assess.ts";
import type { Counts } from "../gate/counts.ts";
import { longestDeadline, type Deadlines } from "../model/deadline.ts";
import type { Evidence } from "../model/evidence.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";
import type { Reason, Verdict } from "../model/verdict.ts";
import type { KnownMetrics } from "../gate/gate-input.ts";
import { judgeMetrics, metricSlowDown, type MetricsInput } from "../gate/judge-metrics.ts";
import { slowDownReason } from "../gate/slow-down.ts";
import { stayedAwayReason } from "../gate/stayed-away.ts";

/** The verdict on recorded evidence: the same, whether it is judged at the look or years later from the record alone. */
export function assessEvidence(evidence: Evidence, release: Release): Verdict {
  const { gate } = release;
  const { strata, thresholds, proving, coverage, at, openedAt, bakedSince, queryLagMs, rates, contact } =
    evidence;
  const metrics = knownMetrics(evidence);
  const common = { gate, counts: countsFrom(evidence.counts), strata, thresholds, rates, metrics };
  const wave = release.waves[evidence.wave];
  if (evidence.judgedAs === "watched" || wave === undefined)
    return withMetrics(assessWatched(common), common);
  const verdict = assessWave({
    ...common,
    wave: { ...wave, bakeMs: bakeNeededMs(wave, gate, queryLagMs) },
    proving,
    coverage,
    nowMs: at,
    openedAtMs: openedAt,
    bakedSinceMs: bakedSince,
    contact,
  });
  return withMetrics(verdict, common);
}

/** A verdict with what each metric of the gate says, where it has any. */
export function withMetrics<Kind extends Verdict>(verdict: Kind, input: MetricsInput): Kind {
  if (input.gate.metrics === undefined || input.metrics === undefined) return verdict;
  return { ...verdict, metrics: judgeMetrics(input).map(({ verdict: one }) => one) };
}

function knownMetrics({ metrics, at }: Evidence): KnownMetrics | undefined {
  return metrics === undefined ? undefined : { atMs: at, byName: metrics };
}

/**
 * How long a wave bakes: silence shows a deadline (the longest of any stratum) and a lag after contact, and the wave is not
 * judged before it could.
 */
export function bakeNeededMs(
  { bakeMs }: Pick<Wave, "bakeMs">,
  deadlines: Deadlines,
  queryLagMs: number,
): number {
  return Math.max(bakeMs, longestDeadline(deadlines) + queryLagMs);
}

/** Why no further part of a wave may open, where something speaks against the release. */
export function slowedBy(evidence: Evidence, { gate, waves }: Release): Reason | undefined {
  const { strata, thresholds, rates, contact, at, openedAt } = evidence;
  const isEvidence = waves[evidence.wave]?.kind === "evidence";
  const input = {
    gate,
    counts: countsFrom(evidence.counts),
    strata,
    thresholds,
    rates,
    metrics: knownMetrics(evidence),
  };
  return (
    slowDownReason(input, isEvidence ? ["cumulative", "wave"] : ["cumulative"]) ??
    stayedAwayReason({ ...input, contact, nowMs: at, openedAtMs: openedAt }) ??
    metricSlowDown(input)
  );
}

/** Counts as evidence holds them, as the gate reads them. */
export function countsFrom({ cumulative, wave }: Evidence["counts"]): Counts {
  return { cumulative: new Map(Object.entries(cumulative)), wave: new Map(Object.entries(wave)) };
}

/** The same, the other way: what JSON can hold. */
export function countsInRecord({ cumulative, wave }: Counts): Evidence["counts"] {
  return { cumulative: Object.fromEntries(cumulative), wave: Object.fromEntries(wave) };
}
