import { describe, expect, it } from "vitest";
import { BUCKET_COUNT, bucketOf } from "../../../rollout/model/bucket.ts";
import { releaseStart, widthOfPercent } from "../../../rollout/plan/bucket-window.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, HOUR, inCanary, rest, stateOf } from "./in-canary.ts";

// Whatever is assigned automatically hits every new device at once, without a stop (hawkbit#1548; in AWS IoT Jobs the
// rate is for the members at creation only).

const LATE = Array.from({ length: 60 }, (_, index) => `late-${index}`);

/** The wave "half" is open. */
async function inHalf(): Promise<World> {
  const world = await inCanary();
  await rest(world);
  world.advance(4 * HOUR);
  await rest(world);
  world.settle(() => "ok");
  await rest(world);
  return world;
}

function register(world: World, deviceId: string, rollout: Record<string, string> = {}): void {
  world.devices.register({ deviceId, tags: { product: "thermostat", rollout } });
  world.devices.touch(deviceId);
}

/** The agent's first report of itself. */
function report(world: World, deviceId: string): void {
  const firmware = { currentFwVersion: "1.0.0", pendingFwVersion: "", bucket: bucketOf(deviceId) };
  world.devices.mergeReported(deviceId, { firmware });
}

/** By arithmetic of its own: who of them is in the open half. */
function ofHalf(): ReadonlySet<string> {
  const start = releaseStart({ product: "thermostat", version: "1.1.0" });
  const width = widthOfPercent(50);
  return new Set(LATE.filter((id) => (bucketOf(id) - start + BUCKET_COUNT) % BUCKET_COUNT < width));
}

function exposedLate(world: World): ReadonlySet<string> {
  return new Set([...world.exposed(ATTEMPT)].filter((deviceId) => deviceId.startsWith("late-")));
}

describe("devices that come while a wave is open", () => {
  it("are in no wave before they have a bucket", async () => {
    const world = await inHalf();
    const before = world.exposed(ATTEMPT).size;
    for (const deviceId of LATE) register(world, deviceId);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(before);
  });

  it("enter what is open when they get their bucket, and only that; the rest come with their wave", async () => {
    const world = await inHalf();
    for (const deviceId of LATE) register(world, deviceId);
    for (const deviceId of LATE) report(world, deviceId);
    await rest(world);
    const half = ofHalf();
    expect(half.size).toBeGreaterThan(15);
    expect(half.size).toBeLessThan(45);
    expect(exposedLate(world)).toEqual(half);
    world.settle(() => "ok");
    for (let count = 0; count < 2; count++) {
      await rest(world);
      world.advance(4 * HOUR);
    }
    await rest(world);
    expect(exposedLate(world).size).toBe(LATE.length);
  });

  it("enter the first wave when they are tagged for its ring, whatever their bucket", async () => {
    const world = await inCanary();
    register(world, "late-canary", { ring: "canary", stratum: "A" });
    expect(exposedLate(world)).toEqual(new Set(["late-canary"]));
  });

  it("are judged like everybody: the release is stopped when they fail", async () => {
    const world = await inHalf();
    for (const deviceId of LATE) {
      register(world, deviceId);
      report(world, deviceId);
    }
    world.settle(({ deviceId }) => (deviceId.startsWith("late-") ? "failed" : "ok"));
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
    expect(exposedLate(world).size).toBe(0);
  });
});
