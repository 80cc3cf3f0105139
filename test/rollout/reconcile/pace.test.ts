import { describe, expect, it } from "vitest";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { percent, ramp, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, rest, stateOf, intentOf } from "./in-canary.ts";

const PACED = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke", pace: { parts: 4, every: "2 hours" } },
    ],
    gate: { ...aRelease("1.1.0").gate, harmCap: 9 },
  }),
);

/** The canary is baked and the first of four parts of everyone is open. */
async function inFirstPart(wanted: Declared = PACED): Promise<World> {
  const world = createWorld({ devices: aFleet(400), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  await rest(world, wanted);
  world.settle(() => "ok");
  await rest(world, wanted);
  world.advance(4 * HOUR);
  await rest(world, wanted);
  return world;
}

function part(world: World): number {
  return intentOf(world, ATTEMPT).part;
}

async function after(hours: number, world: World, wanted = PACED): ReturnType<typeof rest> {
  world.settle(() => "ok");
  world.advance(hours * HOUR);
  return rest(world, wanted);
}

describe("a wave in parts", () => {
  it("opens one part after another, each by a record, and bakes after the last", async () => {
    const world = await inFirstPart();
    expect(headRecord(world)).toMatchObject({ kind: "promote" });
    expect(headRecord(world).reason).toContain('opens part 1 of 4 of "everyone"');
    const sizes = [world.exposed(ATTEMPT).size];
    const { status } = await after(1.9, world);
    expect(status).toMatchObject({ text: 'wave "everyone", part 1 of 4: the next opens in 6 minutes' });
    for (let count = 0; count < 3; count++) {
      await after(count === 0 ? 0.1 : 2, world);
      sizes.push(world.exposed(ATTEMPT).size);
    }
    const [first = 0, second = 0, third = 0, all = 0] = sizes;
    expect(all).toBe(400);
    for (const [size, share] of [
      [first, 0.25],
      [second, 0.5],
      [third, 0.75],
    ] as const)
      expect(Math.abs(size - share * 400)).toBeLessThan(40);
    expect([...world.records.values()].filter(({ kind }) => kind === "widen")).toHaveLength(3);
    // The last part bakes for itself, however well the first ones are.
    await after(3.4, world);
    expect(stateOf(world)).toBe("running");
    await after(0.1, world);
    await after(3.5, world);
    expect(stateOf(world)).toBe("watching");
  });

  it("opens no second part in one look, however late the look is", async () => {
    const world = await inFirstPart();
    await after(1_000, world);
    expect(part(world)).toBe(2);
  });

  it("waits while the evidence against the release is half of the way to a stop, and goes on after", async () => {
    const world = await inFirstPart();
    world.settle(() => "ok");
    const [...exposed] = world.exposed(ATTEMPT);
    for (const deviceId of exposed.slice(0, 5))
      world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
    world.advance(3 * HOUR);
    const { status } = await rest(world, PACED);
    expect(status?.text).toMatch(/part 1 of 4: .*no further part opens/);
    expect(stateOf(world)).toBe("running");
    expect(part(world)).toBe(1);
    for (const deviceId of exposed.slice(0, 5))
      world.devices.mergeReported(deviceId, { firmware: { outcome: "ok" } });
    await rest(world, PACED);
    expect(part(world)).toBe(2);
  });

  it("is for a person once it waited like that for longer than the gate's patience", async () => {
    const world = await inFirstPart();
    world.settle(() => "ok");
    const some = [...world.exposed(ATTEMPT)].slice(0, 5);
    for (const deviceId of some) world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
    world.advance(13 * 24 * HOUR);
    expect((await rest(world, PACED)).status).toMatchObject({ needsPerson: false });
    world.advance(2 * 24 * HOUR);
    const { status } = await rest(world, PACED);
    expect(status).toMatchObject({ needsPerson: true });
    expect(status?.text).toMatch(/part 1 of 4: .*; for longer than the gate's patience of 14 days$/);
    expect(part(world)).toBe(1);
  });

  it("waits while the hub does not answer a count", async () => {
    const world = await inFirstPart();
    world.settle(() => "ok");
    world.advance(3 * HOUR);
    world.fault = ({ call }) => {
      if (call === "count") throw new WavegateError("HUB_FAILED", "no", { hint: "" });
    };
    await rest(world, PACED);
    expect(part(world)).toBe(1);
    world.fault = () => undefined;
    await rest(world, PACED);
    expect(part(world)).toBe(2);
  });

  it("opens no part in a freeze", async () => {
    const world = await inFirstPart();
    const freeze = { from: world.now(), until: world.now() + 30 * HOUR, reason: "no", except: [] };
    const frozen: Declared = { ...PACED, fleet: { ...PACED.fleet, freezes: [freeze] } };
    const { status } = await after(20, world, frozen);
    expect(status).toMatchObject({ phase: "waiting", notBefore: freeze.until });
    expect(part(world)).toBe(1);
    await after(11, world, frozen);
    expect(part(world)).toBe(2);
  });

  it("that is held opens no part, and is stopped with all that is open", async () => {
    const world = await inFirstPart();
    const stop = { product: "thermostat", actor: "operator", reason: "odd" };
    await stopRelease({ ...stop, kind: "hold" }, world.ports);
    await after(20, world);
    expect(part(world)).toBe(1);
    await stopRelease({ ...stop, kind: "abort" }, world.ports);
    await rest(world, PACED);
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("waits out a clock that went back, and never opens a part too early by it", async () => {
    const world = await inFirstPart();
    await after(-5, world);
    await after(6.9, world);
    expect(part(world)).toBe(1);
    await after(0.2, world);
    expect(part(world)).toBe(2);
  });
});

describe("the condition of a part", () => {
  it("cuts a cohort that is no window by buckets, each part holding the parts before", async () => {
    const wanted = declared(
      aRelease("1.1.0", {
        waves: [
          { name: "canary", cohort: ring("canary"), kind: "smoke", pace: { parts: 3, every: "2 hours" } },
          { name: "everyone", cohort: percent(100), kind: "smoke" },
        ],
      }),
    );
    const devices = aFleet(400).map((device, index) => (index < 90 ? { ...device, ring: "canary" } : device));
    const world = createWorld({ devices, version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    await rest(world, wanted);
    expect(headRecord(world)).toMatchObject({ kind: "start", reason: 'opens part 1 of 3 of "canary"' });
    const first = world.exposed(ATTEMPT);
    await after(2, world, wanted);
    const second = world.exposed(ATTEMPT);
    await after(2, world, wanted);
    const third = world.exposed(ATTEMPT);
    expect(first.isSubsetOf(second) && second.isSubsetOf(third)).toBe(true);
    expect([...third].sort()).toEqual(
      devices
        .slice(0, 90)
        .map(({ deviceId }) => deviceId)
        .sort(),
    );
    expect(Math.abs(first.size - 30)).toBeLessThan(15);
    expect(Math.abs(second.size - 60)).toBeLessThan(15);
  });
});

describe("ramp()", () => {
  it("multiplies from a first share to everyone", () => {
    const waves = ramp({ from: 1, factor: 5 });
    expect(waves.map(({ name }) => name)).toEqual(["1%", "5%", "25%", "100%"]);
    expect(waves.map(({ cohort }) => cohort)).toEqual([1, 5, 25, 100].map((share) => percent(share)));
    expect(declared(aRelease("1.1.0", { waves })).problems).toEqual([]);
  });

  it("goes on in one step from where it is told to end, with what every wave has", () => {
    const waves = ramp({ from: 2, to: 10, factor: 2, kind: "smoke", bake: "6 hours" });
    expect(waves.map(({ name }) => name)).toEqual(["2%", "4%", "8%", "10%", "100%"]);
    for (const wave of waves) expect(wave).toMatchObject({ kind: "smoke", bake: "6 hours" });
  });

  it("keeps shares short", () => {
    expect(ramp({ from: 0.1, factor: 3 }).map(({ name }) => name)).toEqual([
      "0.1%",
      "0.3%",
      "0.9%",
      "2.7%",
      "8.1%",
      "24.3%",
      "72.9%",
      "100%",
    ]);
  });

  it.each([
    { from: 0, factor: 2 },
    { from: 1, factor: 1 },
    { from: 50, to: 20, factor: 2 },
    { from: 1, to: 101, factor: 2 },
    { from: NaN, factor: 2 },
    { from: 0.0001, factor: 1.0001 },
  ])("refuses %o", (input) => {
    expect(() => ramp(input)).toThrow(RangeError);
  });
});
