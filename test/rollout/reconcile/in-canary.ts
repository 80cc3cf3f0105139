import { expect } from "vitest";
import { refId, type AttemptId } from "../../../rollout/model/attempt.ts";
import { headOf, LABEL } from "../../../rollout/model/labels.ts";
import { isRolledOut, type RolloutIntent } from "../../../rollout/model/record.ts";
import { makeStop, type Stop } from "../../../rollout/model/stop.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";

export const ATTEMPT = "fw--thermostat--1-1-0--1" as AttemptId; // The form is that of attemptId().
export const BASELINE = "fw--thermostat--1-0-0--1";
export const REF = refId("thermostat");
export const HOUR = 3_600_000;
export const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "half", cohort: percent(50), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);

/** A process that died between two of its calls. */
export class Crash extends Error {}

/** A small fleet, born on 1.0.0. */
export function aWorld(): World {
  return createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
}

/** One run of a controller. */
export function look(world: World, product = PRODUCT): Promise<ReconcileResult> {
  return reconcile(product, world.ports, { actor: "test", queryLagMs: 0 });
}

/** Until nothing is left to do at this instant. */
export async function rest(world: World, product = PRODUCT): Promise<ReconcileResult> {
  for (;;) {
    const result = await look(world, product);
    if (result.steps.length === 0) return result;
  }
}

/** A world in which 1.1.0 is open to its canaries. */
export async function inCanary(): Promise<World> {
  const world = aWorld();
  await rest(world);
  world.settle(() => "ok");
  expect(world.exposed(ATTEMPT).size).toBe(6);
  return world;
}

/** Every device that 1.1.0 is given to says that it failed. */
export function failAll(world: World): void {
  for (const deviceId of world.exposed(ATTEMPT))
    world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
}

/** Crash at the first call whose name matches. */
export function crashAt(world: World, when: "before" | "after", call: string): void {
  world.fault = (at) => {
    if (at.when === when && at.call === call) throw new Crash(call);
  };
}

/** The canary has baked: the next look promotes; crash there. */
export async function crashWhilePromoting(
  world: World,
  when: "before" | "after",
  call: string,
): Promise<void> {
  await rest(world);
  world.advance(4 * HOUR);
  crashAt(world, when, call);
  await expect(look(world)).rejects.toThrow(Crash);
  world.fault = () => undefined;
}

/** The record that the ref names. */
export function headRecord(world: World): NonNullable<ReturnType<World["records"]["get"]>> {
  const head = headOf(world.configuration(REF)?.labels ?? {});
  const record = head === undefined ? undefined : world.records.get(head);
  if (record === undefined) throw new Error("the ref names no stored record");
  return record;
}

/** What the head record wants of one attempt. */
export function intentOf(world: World, id: string): RolloutIntent {
  const found = headRecord(world).intents.find(({ attempt }) => attempt === id);
  if (found === undefined || !isRolledOut(found)) throw new Error(`no rollout ${id}`);
  return found;
}

/** State of 1.1.0 in the head record. */
export function stateOf(world: World): string | undefined {
  return headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT)?.state;
}

/** A person's stop of 1.1.0. */
export function aStop(kind: Stop["kind"], world: World): Stop {
  const release = world.configuration(ATTEMPT)?.labels[LABEL.release] ?? "";
  return makeStop({
    kind,
    attempt: ATTEMPT,
    release,
    actor: "operator",
    at: "2026-01-01T00:00:00.000Z",
    reason: "looks odd",
    nonce: "n",
  });
}
