import { describe, expect, it } from "vitest";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { approve } from "../../../rollout/reconcile/approve.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import {
  ATTEMPT,
  aWorld,
  BASELINE,
  headRecord,
  HOUR,
  inCanary,
  look,
  PRODUCT,
  rest,
  stateOf,
  failAll,
} from "./in-canary.ts";

// An emergency rollback had to run all gates and pauses first (argo-rollouts#2168, flagger#1800), and an abort after a full
// promotion was ignored (argo-rollouts#4461).

/** Everything that bars growth, in one release: windows, approvals, parts. */
const BARRED = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      {
        name: "everyone",
        cohort: percent(100),
        kind: "smoke",
        approvals: 1,
        pace: { parts: 2, every: "2 hours" },
      },
    ],
    windows: [{ cron: "0 0 * * *", for: "6 hours" }],
  }),
);

/** The first part of everyone is open; the window has closed, and the fleet is frozen on top. */
async function barred(): Promise<{ readonly world: World; readonly frozen: Declared }> {
  const world = aWorld();
  await rest(world, BARRED);
  world.settle(() => "ok");
  await rest(world, BARRED);
  await approve(BARRED, world.ports, { actor: "alice", queryLagMs: 0 });
  world.advance(4 * HOUR);
  await rest(world, BARRED);
  world.settle(() => "ok");
  await rest(world, BARRED);
  expect(world.exposed(ATTEMPT).size).toBeGreaterThan(6);
  world.advance(4 * HOUR);
  const freeze = { from: 0, until: world.now() + 99 * HOUR, reason: "year's end", except: [] };
  return { world, frozen: { ...BARRED, fleet: { ...BARRED.fleet, freezes: [freeze] } } };
}

function versionOf(world: World, deviceId: string): unknown {
  const firmware = world.devices.get(deviceId).reported.value["firmware"] as { currentFwVersion?: string };
  return firmware.currentFwVersion;
}

describe("taking back, in a freeze, outside every window, in the middle of a paced wave that wants approvals", () => {
  it("is done by the look that sees the failures, for everyone at once", async () => {
    const { world, frozen } = await barred();
    const exposed = world.exposed(ATTEMPT);
    failAll(world);
    await look(world, frozen);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(world.exposed(BASELINE)).toEqual(exposed);
    world.settle(() => "ok");
    for (const deviceId of exposed) expect(versionOf(world, deviceId)).toBe("1.0.0");
  });

  it("is watched to its end: a device that has not come back keeps it open, and is counted", async () => {
    const { world, frozen } = await barred();
    const [stays = ""] = world.exposed(ATTEMPT);
    failAll(world);
    await look(world, frozen);
    world.settle(() => "ok");
    world.devices.mergeReported(stays, { firmware: { currentFwVersion: "1.1.0" } });
    world.advance(HOUR);
    const { status } = await rest(world, frozen);
    expect(status).toMatchObject({ phase: "rolling back" });
    expect(status?.text).toMatch(/\b1\b/);
    expect(stateOf(world)).toBe("rolling back");
    world.devices.mergeReported(stays, { firmware: { currentFwVersion: "1.0.0" } });
    await rest(world, frozen);
    expect(headRecord(world)).toMatchObject({ kind: "rolled back" });
  });
});

/** Every wave is open. */
async function everywhere(): Promise<World> {
  const world = await inCanary();
  while (world.exposed(ATTEMPT).size < 24) {
    await rest(world);
    world.advance(4 * HOUR);
    await rest(world);
    world.settle(() => "ok");
  }
  return world;
}

describe("an abort after everyone was reached", () => {
  it.each([
    ["running in its last wave", 0],
    ["complete and watched", 8],
  ])("takes everyone back, the release %s", async (_state, hours) => {
    const world = await everywhere();
    await rest(world);
    world.advance(hours * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe(hours === 0 ? "running" : "watching");
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "alice", reason: "smoke in the field" },
      world.ports,
    );
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await rest(world);
    world.settle(() => "ok");
    for (const { deviceId } of world.devices.all()) expect(versionOf(world, deviceId)).toBe("1.0.0");
    world.advance(40 * HOUR);
    await rest(world, PRODUCT);
    expect(stateOf(world)).toBe("rolled back");
  });
});
