import { expect } from "vitest";
import { controllerRun, operatorRun, REF, RELEASE, type Who } from "../schedule/cast.ts";
import { comeToRest } from "../schedule/rest.ts";
import { check } from "../schedule/theatre.ts";
import { exposureOf } from "../world/exposure.ts";
import { begin, finish, type Fate, type Process } from "../world/process.ts";
import { createWorld, pass, type World } from "../world/world.ts";

// Traces are told step by step: who stands before which call, and what happens meanwhile.

export const HOUR = 3_600_000;

/** A controller that has listed nothing yet. */
export function controller(world: World, who: Who = "cron", releases = 1): Promise<Process> {
  return begin(world, controllerRun(who, releases));
}

/** A person at the command line. */
export function operator(world: World, what: "hold" | "halt" | "abort" | "resume"): Promise<Process> {
  return begin(world, operatorRun(what, 1));
}

/** Go on until it stands before the given call, for the so-manieth time. */
export async function upTo(process: Process, call: string, times = 1): Promise<void> {
  for (let left = times; ;) {
    if (process.next === undefined) throw new Error(`it ended before "${call}"`);
    if (process.next.name === call && --left === 0) return;
    await process.go();
  }
}

/** Go on until it stands before an effect. */
export async function upToEffect(process: Process): Promise<void> {
  while (process.next?.isEffect === false) await process.go();
}

/** Go on to the end, and tell the effects on the way. */
export async function toTheEnd(process: Process): Promise<readonly string[]> {
  const effects: string[] = [];
  while (process.next !== undefined) {
    if (process.next.isEffect && process.next.name !== "appendLook") effects.push(process.next.name);
    await process.go();
  }
  check(process);
  return effects;
}

/** The call it stands before meets this fate; then it is let go on. */
export async function meets(process: Process, fate: Fate): Promise<void> {
  await process.go(fate);
  await finish(process);
  check(process);
}

/** One whole run of a controller. */
export async function look(world: World, releases = 1, who: Who = "ci"): Promise<readonly string[]> {
  return toTheEnd(await controller(world, who, releases));
}

/** Runs until nothing is left to do at this instant. */
export async function rest(world: World, releases = 1): Promise<void> {
  for (let looks = 0; (await look(world, releases)).length > 0; looks++)
    if (looks > 20) throw new Error("one controller alone never comes to rest");
}

/** 1.1.0 is started and its configuration still empty: the next look opens it. */
export async function aboutToOpen(hubs = 1): Promise<World> {
  const world = createWorld(hubs);
  await look(world);
  expect(stateOf(world)).toBe("running");
  expect(exposed(world)).toBe(0);
  return world;
}

/** 1.1.0 is open to its canaries, who answered. */
export async function inCanary(hubs = 1): Promise<World> {
  const world = createWorld(hubs);
  await rest(world);
  pass(world, HOUR);
  await rest(world);
  expect(exposed(world)).not.toBe(0);
  return world;
}

/** The same, with its bake over: the next look promotes. */
export async function aboutToPromote(hubs = 1): Promise<World> {
  const world = await inCanary(hubs);
  pass(world, 5 * HOUR);
  return world;
}

/** Devices that 1.1.0 is open to on a hub, as a bit mask. */
export function exposed(world: World, hub = 0, id = RELEASE): number {
  return exposureOf(hub, world.hubs[hub]?.configurations.get(id)?.document.condition ?? "");
}

/** Digest of the head record a hub's ref names. */
export function headOf(world: World, hub = 0): string | undefined {
  return world.hubs[hub]?.configurations.get(REF)?.document.labels["wg-head"];
}

/** Kinds of the records from the first to the head. */
export function history(world: World): readonly string[] {
  const kinds: string[] = [];
  for (let next: string | null = headOf(world) ?? null; next !== null;) {
    const record = world.store.records.get(next);
    if (record === undefined) return ["broken"];
    kinds.unshift(record.kind);
    next = record.parent;
  }
  return kinds;
}

/** State of 1.1.0 in the head record. */
export function stateOf(world: World, attempt: string = RELEASE): string | undefined {
  return world.store.records.get(headOf(world) ?? "")?.intents.find((intent) => intent.attempt === attempt)
    ?.state;
}

/** No rule was broken so far, and none is when everything comes to rest. */
export async function allIsWell(world: World, releases = 1): Promise<void> {
  expect(world.oracle.broken).toEqual([]);
  const after = await comeToRest(world, releases);
  expect(after.broken).toEqual([]);
}
