import { isEffect, callName } from "../world/calls.ts";
import type { Fate } from "../world/process.ts";
import type { World } from "../world/world.ts";

/** How often what was reached. */
export interface Tally {
  fate(call: string, fate: Fate): void;
  /** Count the records that a ref came to name in a world. */
  transitions(world: World): void;
  readonly reached: ReadonlyMap<string, number>;
}

/** A tally of nothing. */
export function createTally(): Tally {
  const reached = new Map<string, number>();
  const count = (name: string): void => {
    reached.set(name, (reached.get(name) ?? 0) + 1);
  };
  return {
    reached,
    fate: (call, fate) => {
      count(`${call} | ${fate}`);
    },
    transitions: (world) => {
      for (const transition of transitionsOf(world)) count(transition);
    },
  };
}

/** Every change of a release's state that a head of a world stands for: `hold: running -> held`. */
export function transitionsOf(world: World): readonly string[] {
  const { records, hubs } = world.oracle.memory;
  const heads = new Set(hubs.flatMap((hub) => [...hub.heads]));
  return [...heads].flatMap((head) => {
    const record = records.get(head);
    if (record === undefined) return [];
    const parent = record.parent === null ? undefined : records.get(record.parent);
    const changes = record.intents.flatMap(({ attempt, state, condition }) => {
      const before = parent?.intents.find((intent) => intent.attempt === attempt);
      if (before?.state === state && before.condition === condition && attempt !== record.subject) return [];
      return [`${record.kind}: ${before?.state ?? "-"} -> ${state}`];
    });
    const dropped = (parent?.intents ?? [])
      .filter(({ attempt }) => !record.intents.some((intent) => intent.attempt === attempt))
      .map(({ state }) => `${record.kind}: ${state} -> -`);
    return changes.length + dropped.length === 0 ? [`${record.kind}: - -> -`] : [...changes, ...dropped];
  });
}

/** Everything a run must reach at least once. */
export const TRANSITIONS = [
  "create: - -> -",
  "adopt: - -> adopted",
  "start: - -> running",
  "start: running -> superseded",
  "start: held -> superseded",
  "promote: running -> running",
  "complete: running -> watching",
  "settle: watching -> settled",
  "hold: running -> held",
  "hold: held -> held",
  "hold: watching -> held",
  "resume: held -> running",
  "halt: running -> halted",
  "halt: held -> halted",
  "abort: running -> rolling back",
  "abort: held -> rolling back",
  "abort: watching -> rolling back",
  "rolled back: rolling back -> rolled back",
  "hold: - -> held",
  "resume: held -> -",
  "retire: superseded -> retired",
  "approve: running -> running",
  "widen: running -> running",
  "override: running -> running",
  "retry: rolled back -> rolled back",
] as const;

const TARGETS: readonly (readonly [string, unknown])[] = [
  ["create", { id: "wg--thermostat" }],
  ["create", { id: "fw--thermostat--1-0-0--1" }],
  ["create", { id: "fw--thermostat--1-1-0--1" }],
  ["replace", { id: "wg--thermostat" }],
  ["replace", { id: "fw--thermostat--1-0-0--1" }],
  ["replace", { id: "fw--thermostat--1-1-0--1" }],
  ["remove", "fw--thermostat--1-1-0--1"],
  ["putRecord", undefined],
  ["markTaken", undefined],
  ["putTombstone", undefined],
  ["appendLook", undefined],
];

/** Every effect call, by what it is about. */
export const EFFECT_CALLS: readonly string[] = TARGETS.filter(([method]) => isEffect(method)).map(
  ([method, argument]) => callName(method, argument),
);

/** What a run did not reach, of all it has to. */
export function missing(tally: Tally): readonly string[] {
  const crashes = EFFECT_CALLS.flatMap((call) => [`${call} | crash before`, `${call} | crash after`]);
  return [...TRANSITIONS, ...crashes].filter((name) => (tally.reached.get(name) ?? 0) === 0);
}
