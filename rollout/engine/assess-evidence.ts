import { assessWatched, assessWave } from "../gate/assess.ts";
import type { Counts } from "../gate/counts.ts";
import type { Evidence } from "../model/evidence.ts";
import type { Release } from "../model/release.ts";
import type { Verdict } from "../model/verdict.ts";

/** The verdict on recorded evidence: the same, whether it is judged at the look or years later from the record alone. */
export function assessEvidence(evidence: Evidence, release: Release): Verdict {
  const { gate } = release;
  const { strata, thresholds, proving, coverage, at, openedAt, bakedSince, queryLagMs } = evidence;
  const common = { gate, counts: countsFrom(evidence.counts), strata, thresholds };
  const wave = release.waves[evidence.wave];
  if (evidence.judgedAs === "watched" || wave === undefined) return assessWatched(common);
  return assessWave({
    ...common,
    // Silence shows a deadline and a lag after contact: a wave is not judged before it could.
    wave: { ...wave, bakeMs: Math.max(wave.bakeMs, gate.deadlineMs + queryLagMs) },
    proving,
    coverage,
    nowMs: at,
    openedAtMs: openedAt,
    bakedSinceMs: bakedSince,
  });
}

/** Counts as evidence holds them, as the gate reads them. */
export function countsFrom({ cumulative, wave }: Evidence["counts"]): Counts {
  return { cumulative: new Map(Object.entries(cumulative)), wave: new Map(Object.entries(wave)) };
}

/** The same, the other way: what JSON can hold. */
export function countsInRecord({ cumulative, wave }: Counts): Evidence["counts"] {
  return { cumulative: Object.fromEntries(cumulative), wave: Object.fromEntries(wave) };
}
