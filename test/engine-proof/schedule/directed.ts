import type { Event, Schedule } from "./event.ts";
import type { Act, Who } from "./cast.ts";

// Schedules that chance takes long to find: rare ends of a rollout, and a crash at every effect there is.

const tick = (who: Who = "ci", hours = 4): Event => ({ kind: "tick", who, hours });
const merge: Event = { kind: "merge" };
const pass: Event = { kind: "pass", minutes: 240 };
const finish: Event = { kind: "finish", who: "operator" };

function crashes(before: readonly Event[], who: Who, effects: number): readonly Schedule[] {
  return (["crash before", "crash after"] as const).flatMap((fate) =>
    Array.from({ length: effects }, (_, skip) => ({
      cronIsOld: false,
      defect: "good" as const,
      events: [...before, { kind: "trouble", who, fate, skip } as const, tick(), tick()],
    })),
  );
}

const ticks = (times: number): readonly Event[] => Array.from({ length: times }, () => tick());
/** Open to its canaries. */
const STARTED = ticks(2);
/** Complete, and watched. */
const WATCHED = ticks(8);
/** Each is over before the next thing happens. */
const types = (what: Act): readonly Event[] => [{ kind: "operator", what }, finish];
/** 1.2.0 goes from its merge to its end: approved ahead of its last wave, which opens in two parts. */
const NEXT = [merge, tick(), ...types("approve"), ...ticks(8)];
/** 1.1.0 is overtaken in its canaries; 1.2.0 settles, and the next look retires 1.1.0. */
const OVERTAKEN = [...STARTED, ...NEXT, tick("ci", 26), tick("ci", 26)];
/** 1.1.0 settles, then 1.2.0, and the baseline retires. */
const BOTH = [...WATCHED, tick("ci", 26), ...NEXT, tick("ci", 26), tick("ci", 26), ...ticks(2)];

/** Played before the random ones, on as many hubs. */
export const DIRECTED: readonly Schedule[] = [
  ...crashes([], "ci", 30),
  ...crashes([...STARTED, { kind: "operator", what: "abort" }], "operator", 10),
  ...crashes([...STARTED, { kind: "operator", what: "halt" }], "operator", 6),
  ...crashes([...STARTED, pass], "ci", 5),
  ...crashes([...OVERTAKEN.slice(0, -1), pass], "ci", 5),
  // Held before it was started, by a stop of what a person had exposed; then free to start.
  ...Array.from({ length: 24 }, (_, skip): Schedule => ({
    cronIsOld: false,
    defect: "good",
    events: [
      { kind: "trouble", who: "ci", fate: "crash before", skip },
      { kind: "portal", what: "narrows", hub: 0 },
      { kind: "portal", what: "widens", hub: 0 },
      { kind: "operator", what: "hold" },
      finish,
      { kind: "portal", what: "empties", hub: 0 },
      tick(),
      { kind: "operator", what: "resume" },
      finish,
      tick(),
    ],
  })),
  ...(["good", "late"] as const).map((defect): Schedule => ({ cronIsOld: false, defect, events: BOTH })),
  {
    cronIsOld: false,
    defect: "good",
    events: [
      ...WATCHED,
      { kind: "operator", what: "hold" },
      finish,
      tick(),
      { kind: "operator", what: "hold" },
      finish,
      tick(),
      { kind: "operator", what: "resume" },
      finish,
      { kind: "operator", what: "abort" },
      finish,
      tick(),
    ],
  },
  {
    cronIsOld: false,
    defect: "good",
    events: [...WATCHED, { kind: "operator", what: "abort" }, finish, tick(), tick("cron", 26)],
  },
  {
    cronIsOld: false,
    defect: "good",
    events: [
      ...STARTED,
      { kind: "operator", what: "hold" },
      finish,
      tick(),
      { kind: "operator", what: "abort" },
      finish,
      tick("cron"),
    ],
  },
  {
    cronIsOld: false,
    defect: "good",
    events: [...STARTED, { kind: "operator", what: "hold" }, finish, tick(), merge, tick(), tick("ci", 6)],
  },
  // Held, then halted where it stands, and taken back after all.
  {
    cronIsOld: false,
    defect: "good",
    events: [...STARTED, ...types("hold"), tick(), ...types("halt"), tick(), ...types("abort"), ...ticks(2)],
  },
  { cronIsOld: false, defect: "good", events: [...STARTED, ...types("halt"), tick(), pass, tick("cron")] },
  // Taken back, tried again with an id of its own, and overridden while its counts are short.
  {
    cronIsOld: false,
    defect: "good",
    events: [
      ...STARTED,
      ...types("abort"),
      ...ticks(2),
      ...types("retry"),
      ...ticks(2),
      ...types("override"),
      ...ticks(2),
    ],
  },
];
