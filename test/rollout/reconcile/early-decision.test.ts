import { describe, expect, it } from "vitest";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, look, rest, stateOf } from "./in-canary.ts";

// 300,000 targets, and a threshold that will be reached is waited for to the last of them (hawkbit#1208).

const PRODUCT = declared(aRelease("1.1.0"));

/** The wave "half", which has to be proven, is open and nobody of it has answered. */
async function inHalf(): Promise<World> {
  const world = createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  await rest(world, PRODUCT);
  world.settle(() => "ok");
  await rest(world, PRODUCT);
  world.advance(4 * HOUR);
  await rest(world, PRODUCT);
  expect(world.exposed(ATTEMPT).size).toBeGreaterThan(120);
  return world;
}

describe("a wave whose outcome is certain", () => {
  it("is stopped at the look that knows it, long before its devices have answered", async () => {
    const world = await inHalf();
    const fresh = [...world.exposed(ATTEMPT)].slice(6, 16);
    for (const deviceId of fresh)
      world.devices.mergeReported(deviceId, {
        firmware: { rolloutId: ATTEMPT, outcome: "failed", contactedAt: Math.floor(world.now() / 1_000) },
      });
    await look(world, PRODUCT);
    expect(stateOf(world)).toBe("rolling back");
    expect(headRecord(world).verdict?.kind).toBe("abort");
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("is promoted when its bake is over, without the tenth that is switched off", async () => {
    const world = await inHalf();
    const gone = [...world.exposed(ATTEMPT)].slice(-10);
    for (const deviceId of gone) world.devices.remove(deviceId);
    world.settle(() => "ok");
    await rest(world, PRODUCT);
    world.advance(3.4 * HOUR);
    await rest(world, PRODUCT);
    expect(headRecord(world).reason).toContain('opens "half"');
    world.advance(0.1 * HOUR);
    await look(world, PRODUCT);
    expect(headRecord(world).verdict).toMatchObject({ kind: "promote", guarantee: "statistical" });
    expect(headRecord(world).reason).toContain('opens "everyone"');
  });
});
