import type { Release } from "../model/release.ts";
import type { View } from "../model/verdict.ts";

/**
 * What decides between two waves: it sees the counts of one look at a time, as the hub shows them, and lets the release
 * on, holds it or stops it. wavegate's own gate is one (`gate-rule.ts`); other systems' rules can be put in its place.
 */
export interface StopRule {
  readonly name: string;
  /** A judge for one rollout after the other: everything that does not change between them is worked out here, once. */
  judgeOf(rollout: RuledRollout): Judge;
}

/** A rollout as a rule may know it before it starts. */
export interface RuledRollout {
  readonly release: Pick<Release, "waves" | "gate" | "watchMs">;
  readonly strata: readonly string[];
  /** Devices of the whole fleet, by stratum. */
  readonly devices: readonly number[];
  /** Time from one look to the next, ms. */
  readonly lookMs: number;
  /** How long what a look shows may lag behind the devices, ms. */
  readonly queryLagMs: number;
}

/** A rule at work. It may keep a memory, such as the number of looks in a row that failed. */
export interface Judge {
  /** A new rollout starts: forget everything. */
  reset(): void;
  /** Judge one look; after `stop` and, while no wave is left, after `go` nothing is asked any more but stops. */
  at(counts: RuleCounts): RuleVerdict;
  /** May the next part of a wave in parts open at this look? Absent: always. */
  mayOpenPart?(counts: RuleCounts): boolean;
  /**
   * The look at which it has to be asked again although nothing failed and nobody fell silent since; 0 asks at every look.
   * A rule that is moved by failures and silence alone saves most of the work.
   */
  readonly askAgainAt: number;
}

/**
 * `go` opens the next wave, or completes the release; `stop` takes it back. The others hold: `contacting` and `baking`
 * say why, for the account of the time; a rule without such phases says `hold`. Only a wave that is not baking can run out
 * of patience.
 */
export type RuleVerdict = "go" | "stop" | "hold" | "contacting" | "baking";

/** Stands for all strata together. */
export const POOLED = -1;

/**
 * Counts of devices at one look, by stratum (its index in `strata`, or `POOLED`). View `cumulative` is everyone since the
 * start, `wave` is who made contact since the open wave opened. contacted = succeeded + failed + without outcome; a silent
 * device has no outcome either.
 */
export interface RuleCounts {
  /** Looks since the start, this one included. */
  readonly look: number;
  /** Time since the start, ms. */
  readonly elapsedMs: number;
  /** Index of the open wave; of a release that is complete and watched: the number of waves. */
  readonly wave: number;
  /** Time since the open wave, all its parts so far, opened, ms. */
  readonly sinceOpenedMs: number;
  /** True while parts of the wave are still to open: `go` is not heard yet. */
  readonly hasMoreParts: boolean;
  /** Devices aimed at: everyone under the condition (`cumulative`), or those whom the open wave adds (`wave`). */
  targeted(stratum: number, view: View): number;
  /** Those of them that were recently active when the wave opened. */
  active(stratum: number, view: View): number;
  /** Devices that made contact: they hold the release. */
  contacted(stratum: number, view: View): number;
  /** No more than `contacted`, and at hand without work. */
  leastContacted(stratum: number, view: View): number;
  /** Devices whose outcome is `ok` now. */
  succeeded(stratum: number, view: View): number;
  /** Devices that reported a failure, also after a success. */
  failed(stratum: number, view: View): number;
  /** Devices that made contact a deadline ago or earlier and have no outcome, each by its own clock. */
  timedOut(stratum: number, view: View): number;
  /** Those that wavegate's gate is sure of from the counts of its looks alone; no more than `timedOut`. */
  silent(stratum: number, view: View): number;
  /** Devices that made contact and have no outcome yet, the timed-out ones included. */
  inProgress(stratum: number, view: View): number;
}
