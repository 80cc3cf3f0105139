import type { AttemptId } from "./attempt.ts";
import { digestOf, type Digest } from "./digest.ts";
import type { MetricEvidence, MetricState } from "./metric-reading.ts";
import type { StratumCounts } from "./stratum-counts.ts";
import type { View } from "./verdict.ts";

/**
 * Everything that a verdict was computed from, but the release itself, which stands in the record's intents: with both,
 * anybody can judge again. Counts and instants are whole numbers, so that JSON says the same.
 */
export interface Evidence {
  /** The release that was judged. */
  readonly attempt: AttemptId;
  /** Epoch ms of the look. */
  readonly at: number;
  /** Index of the widest wave that was exposed then. */
  readonly wave: number;
  /** `open`: the wave was judged for promotion too; `watched`: the release was complete, and judged for abort alone. */
  readonly judgedAs: "open" | "watched";
  /** How long the hub's queries were taken to lag, ms. */
  readonly queryLagMs: number;
  /** Devices as the gate reads them, by view and stratum. */
  readonly counts: Readonly<Record<View, Readonly<Record<string, StratumCounts>>>>;
  /** How many of the devices that the wave aims at had made contact. */
  readonly coverage: Coverage;
  /** Epoch ms of the look that opened the wave. */
  readonly openedAt: number;
  /** Epoch ms of the look that first found the wave covered; absent before. */
  readonly bakedSince?: number;
  /** Strata the budgets are split over. */
  readonly strata: readonly string[];
  /** Those of them that can prove the gate. */
  readonly proving: readonly string[];
  /** Evidence at which the gate acts, as plain numbers. */
  readonly thresholds: Thresholds;
  /** Absent in records from before failure rates were told: judged again, they tell none. */
  readonly rates?: RateBasis;
  /** Absent in records from before it was looked at who stays away, and of a release that is watched. */
  readonly contact?: ContactBasis;
  /** What is known of each metric of the gate, by name; absent where it has none. */
  readonly metrics?: Readonly<Record<string, MetricEvidence>>;
}

/** Evidence at which a gate acts, as plain numbers: 80 is "80 to 1". */
export interface Thresholds {
  /** Abort, on everyone the rollout has reached. */
  readonly cumulative: number;
  /** Abort, on the contacts of one evidence wave. */
  readonly wave: number;
  /** Promote an evidence wave, in every stratum that can prove. */
  readonly promote: number;
}

/** Devices that a wave aims at, as far as they can be expected to answer. */
export interface Coverage {
  /** Those of them that have made contact. */
  readonly contacted: number;
  /** Devices that were recently active when the wave opened. */
  readonly targeted: number;
}

/** What failure rates are told by. */
export interface RateBasis {
  /** Their level, as a fraction. */
  readonly confidence: number;
  /** All devices of each stratum at the start. */
  readonly population: Readonly<Record<string, number>>;
}

/** What it takes to tell who stays away. */
export interface ContactBasis {
  /** Recently active devices that this wave added, by stratum. */
  readonly added: Readonly<Record<string, number>>;
  /** Devices that answered and are in no count, because they had nothing to do: of which stratum is not known. */
  readonly idle: number;
  /** Two check-ins: twice the fleet's `activeWithin`, or the longest deadline where that is longer, ms. */
  readonly checkInsMs: number;
}

/** The same, with the name of the looks it was counted from. */
export interface RecordedEvidence extends Evidence {
  /** The looks that the counts come from. */
  readonly looks: LooksMark;
}

/** Names a series of looks, so that it can be told whether it is still the same. */
export interface LooksMark {
  /** How many there were, the deciding one included. */
  readonly count: number;
  /** Digest of their list, in stored order, the deciding one last. */
  readonly digest: Digest;
}

/**
 * Identity of what a person was shown when they decided against a gate: one attempt, one wave, these counts. It is the
 * same for as long as no count moves, however often one looks; coverage and time are no part of it. Of metrics it tells
 * whether there was data: their numbers move all the time.
 */
export function evidenceDigest({
  attempt,
  wave,
  counts,
  metrics,
}: Pick<Evidence, "attempt" | "wave" | "counts" | "metrics">): Digest {
  if (metrics === undefined) return digestOf({ attempt, wave, counts });
  const states = Object.entries(metrics).map(([name, { state }]): [string, MetricState] => [name, state]);
  return digestOf({ attempt, wave, counts, metrics: Object.fromEntries(states) });
}

/** Digits of a digest of evidence that an override names at least: fewer could mean other counts too. */
export const SHORTEST_EVIDENCE = 12;

/** A digest of evidence as people are shown it. */
export function shortEvidence(digest: string): string {
  return digest.slice(0, SHORTEST_EVIDENCE);
}
