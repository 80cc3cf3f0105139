import fc from "fast-check";
import { FATES, type Fate } from "../world/process.ts";
import type { Defect } from "../world/simulated-device.ts";
import { ACTS, type Act, type Who } from "./cast.ts";

/** What a person does in the portal. */
export const EDITS = [
  "empties",
  "widens",
  "narrows",
  "sets an unlike condition",
  "changes the priority",
  "touches a label",
  "drops our labels",
  "drops the slots",
  "deletes the configuration",
  "touches the ref",
  "deletes the ref",
] as const;

/** One event of a schedule. */
export type Event =
  /** A process makes so many calls; an idle one begins a run. */
  | { readonly kind: "go"; readonly who: Who; readonly calls: number }
  | { readonly kind: "finish"; readonly who: Who }
  /** Its next effect but so many meets this fate. */
  | { readonly kind: "trouble"; readonly who: Who; readonly fate: Fate; readonly skip: number }
  | { readonly kind: "operator"; readonly what: Act }
  /** Time passes, and a controller looks. */
  | { readonly kind: "tick"; readonly who: Who; readonly hours: number }
  | { readonly kind: "pass"; readonly minutes: number }
  | { readonly kind: "jump"; readonly minutes: number }
  | { readonly kind: "portal"; readonly what: (typeof EDITS)[number]; readonly hub: number }
  | { readonly kind: "store"; readonly up: boolean }
  | { readonly kind: "hub"; readonly hub: number; readonly up: boolean }
  | { readonly kind: "replica"; readonly hub: number }
  | { readonly kind: "fail-over"; readonly hub: number }
  | { readonly kind: "late" }
  | { readonly kind: "merge" }
  | { readonly kind: "defect"; readonly version: string; readonly defect: Defect }
  | { readonly kind: "lag"; readonly minutes: number };

/** A schedule: how it starts, and what happens. */
export interface Schedule {
  /** The cron job's checkout never gets the newest release. */
  readonly cronIsOld: boolean;
  readonly defect: Defect;
  readonly events: readonly Event[];
}

const controllers = fc.constantFrom<Who>("cron", "ci");
const anyone = fc.constantFrom<Who>("cron", "ci", "operator");

/** Schedules of a fleet on so many hubs, each of at least 50 events. */
export function schedules(hubs: number, least = 50): fc.Arbitrary<Schedule> {
  const hub = fc.nat({ max: hubs - 1 });
  const event: fc.Arbitrary<Event> = fc.oneof(
    {
      weight: 22,
      arbitrary: fc.record({ kind: fc.constant("go"), who: anyone, calls: fc.integer({ min: 1, max: 12 }) }),
    },
    { weight: 10, arbitrary: fc.record({ kind: fc.constant("finish"), who: anyone }) },
    {
      weight: 14,
      arbitrary: fc.record({
        kind: fc.constant("trouble"),
        who: anyone,
        fate: fc.constantFrom<Fate>(...FATES),
        skip: fc.nat({ max: 4 }),
      }),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constant("operator"),
        what: fc.constantFrom<Act>(...ACTS, "resume", "resume"),
      }),
    },
    {
      weight: 20,
      arbitrary: fc.record({
        kind: fc.constant("tick"),
        who: controllers,
        hours: fc.constantFrom(4, 4, 6, 26),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("pass"), minutes: fc.constantFrom(1, 5, 30, 240) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("jump"), minutes: fc.constantFrom(-240, -10, 10, 240) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("portal"), what: fc.constantFrom(...EDITS), hub }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("store"), up: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("hub"), hub, up: fc.constantFrom(true, true, false) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("replica"), hub }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fail-over"), hub }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("late") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("merge") }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("defect"),
        version: fc.constantFrom("1.1.0", "1.2.0"),
        defect: fc.constantFrom<Defect>("good", "bad", "silent", "late"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lag"), minutes: fc.constantFrom(0, 5, 30) }) },
  );
  return fc.record({
    cronIsOld: fc.boolean(),
    defect: fc.constantFrom<Defect>("good", "good", "good", "bad", "silent", "late"),
    events: fc.array(event, { minLength: least, maxLength: least + 40 }),
  });
}
