import { describe, expect, it } from "vitest";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, anArtifact, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, look, rest, stateOf, failAll, intentOf } from "./in-canary.ts";

// A revision that came while another was analysed was promoted unvalidated (flagger#30).

const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
  { name: "everyone", cohort: percent(100), kind: "smoke" as const },
];
const DECLARED = declared(aRelease("1.1.0", { waves: WAVES }));
const CHANGED = {
  "another image": declared(aRelease("1.1.0", { waves: WAVES, artifact: anArtifact("swapped") })),
  "a laxer gate": declared(
    aRelease("1.1.0", { waves: WAVES, gate: { ...aRelease("1.1.0").gate, harmCap: 200 } }),
  ),
  "fewer waves": declared(aRelease("1.1.0", { waves: WAVES.slice(1) })),
  "its file gone": declared(),
};

/** 1.1.0 is open to its canaries, who are well, and its bake is over. */
async function baked(): Promise<World> {
  const images = imagesOf("1.0.0", "1.1.0", "1.2.0", "swapped");
  const world = createWorld({ devices: aFleet(48), version: "1.0.0", images });
  await rest(world, DECLARED);
  world.settle(() => "ok");
  await rest(world, DECLARED);
  world.advance(4 * HOUR);
  return world;
}

describe.each(Object.entries(CHANGED))("a release under way, with %s", (_what, changed) => {
  it("goes no further, whatever its devices say, and goes on when it is as it was", async () => {
    const world = await baked();
    const before = world.configuration(ATTEMPT);
    for (let looks = 0; looks < 3; looks++) {
      await look(world, changed);
      world.advance(4 * HOUR);
    }
    expect(headRecord(world).kind).toBe("start");
    expect(world.configuration(ATTEMPT)).toEqual(before);
    await rest(world, DECLARED);
    expect(headRecord(world).kind).toBe("promote");
    expect(world.exposed(ATTEMPT).size).toBe(48);
  });

  it("is still stopped, by the gate that it was started with", async () => {
    const world = await baked();
    failAll(world);
    await look(world, changed);
    expect(stateOf(world)).toBe("rolling back");
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });
});

describe("a newer release that comes meanwhile", () => {
  it("starts anew at its first wave, without any evidence of the one before", async () => {
    const world = await baked();
    const both = declared(aRelease("1.1.0", { waves: WAVES }), aRelease("1.2.0", { waves: WAVES }));
    const later = "fw--thermostat--1-2-0--1";
    await rest(world, both);
    expect(intentOf(world, later)).toMatchObject({ state: "running", wave: 0 });
    expect(world.exposed(later).size).toBe(6);
    // The canaries are well on 1.1.0: of 1.2.0 that says nothing.
    world.advance(40 * HOUR);
    await rest(world, both);
    expect(intentOf(world, later)).toMatchObject({ state: "running", wave: 0 });
    world.settle(() => "ok");
    await rest(world, both);
    world.advance(3 * HOUR);
    await rest(world, both);
    expect(intentOf(world, later).wave).toBe(0);
    world.advance(HOUR);
    await rest(world, both);
    expect(intentOf(world, later).wave).toBe(1);
  });
});
