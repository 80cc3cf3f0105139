/** How the devices of a fleet behave in time, whatever the release does to them. */
export interface FleetLaws {
  /** Where they come from, for people: "assumed", or what they were fitted from. */
  readonly source: string;
  readonly contact: readonly ContactClass[];
  /** From contact to `ok`. */
  readonly success: DelayLaw;
  /** From contact to `failed`. */
  readonly failure: DelayLaw;
  /** From `ok` to `failed`, of a defect that shows late. */
  readonly late: DelayLaw;
}

/** Devices that are connected equally often. */
export interface ContactClass {
  readonly name: string;
  /** Share of the devices; all classes' add up to 1. */
  readonly share: number;
  /** Chance that a device which is told to update makes contact within an hour; 0: never. */
  readonly perHour: number;
}

/** A delay, as points of its distribution: `within` of these ms, this `share` of the devices has reported. Straight between them, from (0, 0). */
export type DelayLaw = readonly { readonly withinMs: number; readonly share: number }[];

const HOUR_MS = 3_600_000;

/** Classes that are assumed of a fleet of which no rollout is on record: mostly connected, some that sleep, a few that are gone. */
const ASSUMED_CONTACT: readonly ContactClass[] = [
  { name: "always on", share: 0.7, perHour: 0.9 },
  { name: "daily", share: 0.2, perHour: 0.08 },
  { name: "weekly", share: 0.08, perHour: 0.01 },
  { name: "gone", share: 0.02, perHour: 0 },
];

/**
 * What is assumed where nothing is on record. Whoever declared the deadline knows how long an update takes: successes
 * spread over a sixth of it (8 hours of 48), failures over a twenty-fourth, and late defects show from an eighth to one
 * and a half of it.
 */
export function assumedLaws({ deadlineMs }: { readonly deadlineMs: number }): FleetLaws {
  return {
    source: "assumed",
    contact: ASSUMED_CONTACT,
    success: [{ withinMs: deadlineMs / 6, share: 1 }],
    failure: [{ withinMs: deadlineMs / 24, share: 1 }],
    late: [
      { withinMs: deadlineMs / 8, share: 0 },
      { withinMs: deadlineMs * 1.5, share: 1 },
    ],
  };
}

/** Share of a class's devices that were seen within a time, had nobody told them anything. */
export function activeShare({ perHour }: ContactClass, activeWithinMs: number): number {
  return chanceWithin(perHour, activeWithinMs);
}

/** Chance of a device to make contact within a time, when it does so within an hour with chance `perHour`. */
export function chanceWithin(perHour: number, ms: number): number {
  return 1 - (1 - perHour) ** (ms / HOUR_MS);
}

/** Share of the devices that have reported after this time. */
export function reportedWithin(law: DelayLaw, ms: number): number {
  let before = { withinMs: 0, share: 0 };
  for (const point of law) {
    if (ms < point.withinMs) {
      const part = (ms - before.withinMs) / (point.withinMs - before.withinMs);
      return before.share + part * (point.share - before.share);
    }
    before = point;
  }
  return 1;
}

/**
 * The chances to report 0, 1, 2 ... looks after the look that first saw the contact. Contact is half a look before that
 * look, on average.
 */
export function delayByLook(law: DelayLaw, lookMs: number): Float64Array {
  const longest = law.at(-1)?.withinMs ?? 0;
  const looks = Math.max(1, Math.ceil(longest / lookMs + 0.5));
  const chances = new Float64Array(looks);
  for (let look = 0; look < looks; look++) {
    const until = look === looks - 1 ? 1 : reportedWithin(law, (look + 0.5) * lookMs);
    chances[look] = until - reportedWithin(law, Math.max(0, look - 0.5) * lookMs);
  }
  return chances;
}
