import type { Release } from "../model/release.ts";
import type { FleetLaws } from "./laws.ts";

/** A release over a fleet, as a forecast plays it. Approvals and calendars are taken to be given and open at once. */
export interface RolloutModel {
  readonly release: Pick<Release, "waves" | "gate" | "watchMs">;
  /** Strata that have devices. */
  readonly strata: readonly string[];
  /** Devices that each wave adds, by wave and stratum. */
  readonly added: readonly (readonly number[])[];
  /** Devices of the whole fleet by stratum, those no wave reaches included. */
  readonly devices: readonly number[];
  readonly laws: FleetLaws;
  readonly timing: RolloutTiming;
}

/** The controller and the hub in time. */
export interface RolloutTiming {
  /** From one look to the next. */
  readonly lookMs: number;
  /** How far the hub's queries lag behind the devices; taken at its full length. */
  readonly queryLagMs: number;
  /** From the change of a condition to the devices being told, and being told no more. */
  readonly evaluationMs: number;
  /** A device counts as recently active when it was seen within this time before its wave opened. */
  readonly activeWithinMs: number;
  /** Most devices an hour that the hubs' twin throttles let make contact, on average; Infinity: no limit. */
  readonly contactsPerHour: number;
}
