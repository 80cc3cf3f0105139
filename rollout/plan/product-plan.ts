import type { AttemptId } from "../model/attempt.ts";
import type { Digest } from "../model/digest.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";

/** What the declarations mean for one product of this fleet, now: a value that can be shown, stored and compared. */
export interface ProductPlan {
  readonly schemaVersion: 1;
  readonly product: string;
  /** Identity of what would be done: head, release and conditions; counts are not part of it. */
  readonly digest: Digest;
  /** What would change, in order, with the reason; empty: the fleet is as declared. */
  readonly changes: readonly Change[];
  /** The release that would start. */
  readonly release?: PlannedRelease;
  readonly problems: readonly Problem[];
}

/** One change a plan would make. */
export interface Change {
  readonly kind: "adopt" | "start" | "supersede";
  readonly version: string;
  readonly reason: string;
}

/** A release, as it would be rolled out over this fleet. */
export interface PlannedRelease {
  readonly release: Release;
  readonly digest: Digest;
  readonly file: string;
  readonly attempt: AttemptId;
  readonly priority: number;
  /** Widths of the windows made from counts, by wave, as they would be now: each is frozen when its wave opens. */
  readonly windows: RolloutIntent["windows"];
  /** Version devices fall back to when the release is taken back. */
  readonly baseline: string | undefined;
  readonly waves: readonly PlannedWave[];
  /** Devices of the product, by stratum. */
  readonly devices: Readonly<Record<string, number>>;
  /** Devices that have no bucket and so match no window. */
  readonly unstamped: number;
  /** Strata that hold enough devices to prove the gate, sorted. */
  readonly proving: readonly string[];
  readonly thresholds: PlannedThresholds;
}

/** One wave with its size. */
export interface PlannedWave {
  readonly name: string;
  readonly kind: Wave["kind"];
  readonly cohort: string;
  readonly condition: string;
  readonly bakeMs: number;
  /** Devices under the condition, by stratum, the waves before included. */
  readonly devices: Readonly<Record<string, number>>;
  /** Devices this wave adds, by stratum. */
  readonly added: Readonly<Record<string, number>>;
  /** Failures that stop the rollout once everyone of the wave made contact, by stratum; absent: not even all would. */
  readonly stopsAt: Readonly<Record<string, number>>;
  /** Bad devices with which an evidence wave is still promoted, by stratum that can prove; -1: not even with none. */
  readonly promotesWith: Readonly<Record<string, number>>;
}

/** Evidence at which the gate acts, as plain numbers (not logarithms). */
export interface PlannedThresholds {
  /** Abort, on everyone the rollout has reached. */
  readonly cumulative: number;
  /** Abort, on the contacts of one evidence wave. */
  readonly wave: number;
  /** Promote an evidence wave: in every stratum that can prove. */
  readonly promote: number;
  /** Clean devices a stratum needs to promote. */
  readonly sizeToProve: number;
}
