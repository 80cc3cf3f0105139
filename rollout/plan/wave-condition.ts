import { releaseStart } from "./bucket-window.ts";
import { reachTerms } from "./cohort-condition.ts";
import { reachOfPart, reachOfWave, type Exposable, type Reach } from "./reach.ts";
import { releaseCondition } from "./target-condition.ts";

/**
 * Condition of a wave: everyone it exposes, the waves before it included. Whatever the mix of cohorts, wave k contains
 * wave k-1: all windows of a release start at the same bucket and only widen, everything else stays by OR.
 */
export function waveCondition(of: Exposable, wave: number): string {
  return conditionOf(of, reachOfWave(of, wave));
}

/**
 * Condition of a wave whose parts 1 to `part` are open: the wave before, and an equal share of the buckets this one
 * adds for each part. Parts only grow; the last one, and any part of a wave without pace, is the wave's own condition.
 */
export function partCondition(of: Exposable, wave: number, part: number): string {
  return conditionOf(of, reachOfPart(of, wave, part));
}

function conditionOf(of: Exposable, reach: Reach): string {
  const terms = reachTerms(reach, releaseStart(of.release));
  return `${releaseCondition(of)} AND (${terms.join(" OR ")})`;
}
