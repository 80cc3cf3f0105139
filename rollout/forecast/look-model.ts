import { activeShare, chanceWithin, delayByLook } from "./laws.ts";
import type { RolloutModel } from "./rollout-model.ts";

/**
 * A rollout counted in looks. Time is what the looks see: whatever happens to a device shows the query lag later, so a
 * device that is exposed at a look can show from the lag and the hub's evaluation on. The lag is nowhere else.
 */
export interface LookModel {
  readonly strata: number;
  readonly classes: number;
  /** Chance of a class to make contact from one look to the next. */
  readonly hazard: Float64Array;
  readonly shares: Float64Array;
  /** Share of an exposed stratum that was recently active. */
  readonly activeShare: number;
  /** Looks between the exposure of a device and the look before its contact can show. */
  readonly showsAfter: number;
  /** Chance of a class to show in the first look it can. */
  readonly firstHazard: Float64Array;
  /** Chance of a class to make contact in what is left of the time until a stop takes effect, after `showsAfter` looks. */
  readonly lastHazard: Float64Array;
  /** That time, as a part of a look. */
  readonly lastPart: number;
  readonly success: Float64Array;
  readonly failure: Float64Array;
  readonly late: Float64Array;
  /** Looks after which the gate counts silence. */
  readonly silentAfter: number;
  /** Looks after which a device is silent by its own clock. */
  readonly deadline: number;
  /** Contacts a look that the hub's throttle lets happen on average. */
  readonly contactsPerLook: number;
  /** Devices that each part of each wave adds: by wave, part and stratum. */
  readonly parts: readonly (readonly (readonly number[])[])[];
  readonly lookMs: number;
}

const HOUR_MS = 3_600_000;

/** Count a rollout in looks. */
export function lookModelOf({ release, strata, added, laws, timing }: RolloutModel): LookModel {
  const { lookMs, queryLagMs, evaluationMs, activeWithinMs, contactsPerHour } = timing;
  const { deadlineMs } = release.gate;
  const delayed = (queryLagMs + evaluationMs) / lookMs;
  const showsAfter = Math.floor(delayed);
  const left = delayed - showsAfter;
  const within = (ms: number): Float64Array =>
    Float64Array.from(laws.contact, ({ perHour }) => chanceWithin(perHour, ms));
  return {
    strata: strata.length,
    classes: laws.contact.length,
    hazard: within(lookMs),
    shares: Float64Array.from(laws.contact, ({ share }) => share),
    activeShare: laws.contact.reduce((sum, one) => sum + one.share * activeShare(one, activeWithinMs), 0),
    showsAfter,
    firstHazard: within((1 - left) * lookMs),
    lastHazard: within(left * lookMs),
    lastPart: left,
    success: delayByLook(laws.success, lookMs),
    failure: delayByLook(laws.failure, lookMs),
    late: delayByLook(laws.late, lookMs),
    silentAfter: Math.ceil((deadlineMs + queryLagMs) / lookMs),
    deadline: Math.ceil(deadlineMs / lookMs),
    contactsPerLook: (contactsPerHour * lookMs) / HOUR_MS,
    parts: release.waves.map(({ pace }, wave) => inParts(added[wave] ?? [], pace?.parts ?? 1)),
    lookMs,
  };
}

/** Devices of each part of a wave, by stratum: windows of equal width. */
function inParts(devices: readonly number[], parts: number): readonly (readonly number[])[] {
  const upTo = (count: number, part: number): number => Math.round((count * part) / parts);
  return Array.from({ length: parts }, (_, part) =>
    devices.map((count) => upTo(count, part + 1) - upTo(count, part)),
  );
}
