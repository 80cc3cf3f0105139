import type { AttemptId } from "../model/attempt.ts";
import type { Digest } from "../model/digest.ts";
import type { Thresholds } from "../model/evidence.ts";
import type { HubTier } from "../model/hub-limits.ts";
import type { OverrideFile } from "../model/override-declaration.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { Wave } from "../model/wave.ts";
import type { PlanBasis } from "./basis.ts";
import type { FleetTraffic } from "./traffic.ts";

/** What the declarations mean for one product of this fleet, now: a value that can be shown, stored and compared. */
export interface ProductPlan {
  readonly schemaVersion: 1;
  readonly product: string;
  /** Digest of what the plan stands on; counts are not part of it. */
  readonly digest: Digest;
  readonly basis: PlanBasis;
  /** What the next runs would do, in order, and what stays as it is; each with its reason. */
  readonly changes: readonly Change[];
  /** The release that would start. */
  readonly release?: PlannedRelease;
  /** Override files of the product, and what becomes of them; absent: there are none. */
  readonly overrides?: readonly OverrideStanding[];
  readonly problems: readonly Problem[];
}

/** What becomes of an override file. */
export interface OverrideStanding extends OverrideFile {
  /** Path as a person would type it. */
  readonly file: string;
  /** `due`: it fits, and is recorded next; `waiting`: it may fit later; `void`: it says nothing any more. */
  readonly state: "recorded" | "due" | "waiting" | "void";
  /** The same in words, and why. */
  readonly text: string;
}

/** What becomes of one configuration. */
export interface Change {
  readonly kind:
    "adopt" | "create" | "start" | "widen" | "override" | "narrow" | "supersede" | "retire" | "keep";
  /** Id of the configuration. */
  readonly id: string;
  /** Absent for the ref. */
  readonly version?: string;
  /** True for what the next runs do by themselves; false for what stays, or waits for a gate or for devices. */
  readonly due: boolean;
  readonly reason: string;
}

/** A release, as it would be rolled out over this fleet. */
export interface PlannedRelease extends SizedRelease {
  readonly wayBack: PlannedWayBack;
}

/** The same before its way back was rehearsed. */
export interface SizedRelease {
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
  /** Devices that the last wave would not reach: they have no bucket, and so match no window. */
  readonly unstamped: number;
  /** Strata that hold enough devices to prove the gate, sorted. */
  readonly proving: readonly string[];
  readonly thresholds: PlannedThresholds;
  /** Bytes of what a device is sent. */
  readonly desiredBytes: number;
  /** Bytes of the keys that it is sent beside; absent: the images are public. */
  readonly accessBytes?: number;
  /** What the controller itself asks of the hubs; absent where their sizes or the time between looks are not known. */
  readonly ownCalls?: PlannedCalls;
}

/** What becomes of the devices of a release that is stopped. */
export interface PlannedWayBack {
  /** What they fall back to. */
  readonly baselines: readonly { readonly version: string; readonly attempt: AttemptId }[];
  /** Devices of the last wave that nothing would catch; absent where it could not be asked. */
  readonly uncaught?: number;
  /** Lowest version that devices go back to once they took the release; absent: no signed manifest states one. */
  readonly floor?: string;
  readonly onAbort: "roll back" | "halt";
}

/** What a wave asks of one hub, from the first to the last of the devices it adds there. */
export interface PlannedTraffic extends FleetTraffic {
  readonly hub: string;
  readonly tier: HubTier;
  readonly units: number;
  readonly devices: number;
}

/** What a controller asks, if every wave takes no longer than its bake. */
export interface PlannedCalls {
  /** From the start to the end of watching. */
  readonly days: number;
  /** Of one look at this product, on one hub. */
  readonly callsPerLook: number;
  readonly looks: number;
  /** Of this product's rollout, on all hubs. */
  readonly calls: number;
  /** Of the smallest hub's query budget over those days, all products rolled out side by side; a fraction. */
  readonly queryShare: number;
  /** Of its budget of configuration calls, likewise. */
  readonly configurationShare: number;
  /** Products of the fleet. */
  readonly products: number;
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
  /** What those it adds ask of their hubs, hub by hub; empty where no hub's size is known. */
  readonly traffic: readonly PlannedTraffic[];
  /** Bad devices with which an evidence wave is still promoted, by stratum that can prove; -1: not even with none. */
  readonly promotesWith: Readonly<Record<string, number>>;
}

/** Evidence at which the gate acts, and what it takes to reach that of a promotion. */
export interface PlannedThresholds extends Thresholds {
  /** Clean devices a stratum needs to promote. */
  readonly sizeToProve: number;
}
