import { describe, expect, it } from "vitest";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import {
  defineFleet,
  percent,
  ring,
  type FleetDeclaration,
  type ReleaseDeclaration,
} from "../../../rollout/wavegate.ts";
import { anArtifact, aRelease, declared } from "../../support/declarations.ts";
import type { World } from "../../support/world.ts";
import { parseFleet } from "../../../rollout/model/fleet.ts";
import { ATTEMPT, aWorld, headRecord, HOUR, rest, stateOf, failAll } from "./in-canary.ts";

// The world's clock starts at 2026-01-01T00:00Z, a Thursday.
const WAVES: ReleaseDeclaration["waves"] = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke" },
];

function product(more: Partial<ReleaseDeclaration>, fleet: Partial<FleetDeclaration> = {}): Declared {
  const found = declared(aRelease("1.1.0", { waves: WAVES, ...more }));
  const whole = defineFleet({
    products: { thermostat: { adopt: { version: "1.0.0", artifact: anArtifact("1.0.0") } } },
    ...fleet,
  });
  const parsed = parseFleet(whole, "fleet.ts");
  if (parsed.fleet === undefined) throw new Error(JSON.stringify(parsed.problems));
  return { ...found, fleet: parsed.fleet };
}

/** Let the hub and the devices answer, let time pass, and look. */
async function after(hours: number, world: World, wanted: Declared): ReturnType<typeof rest> {
  world.settle(() => "ok");
  world.advance(hours * HOUR);
  return rest(world, wanted);
}

const FREEZE = { from: "2026-01-01T02:00:00Z", until: "2026-01-03T00:00:00Z", reason: "new year" };

describe("startAt", () => {
  it("keeps a release from everyone until its time, without creating anything", async () => {
    const world = aWorld();
    const wanted = product({ startAt: "2026-01-01T06:00:00Z" });
    const { status } = await rest(world, wanted);
    expect(status).toMatchObject({
      phase: "waiting",
      needsPerson: false,
      text: "1.1.0 waits: 1.1.0 starts at 2026-01-01 06:00Z",
      notBefore: Date.UTC(2026, 0, 1, 6),
    });
    expect(world.configuration(ATTEMPT)).toBeUndefined();
    await after(5.9, world, wanted);
    expect(world.configuration(ATTEMPT)).toBeUndefined();
    await after(0.1, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("of a wave keeps it shut, however well the one before is", async () => {
    const world = aWorld();
    const [canary, everyone] = WAVES;
    if (canary === undefined || everyone === undefined) throw new Error("two waves");
    const wanted = product({ waves: [canary, { ...everyone, startAt: "2026-01-02T00:00:00Z" }] });
    await rest(world, wanted);
    await after(1, world, wanted);
    expect((await after(12, world, wanted)).status).toMatchObject({
      phase: "waiting",
      text: 'wave "canary" is judged; "everyone" waits: wave "everyone" opens at 2026-01-02 00:00Z',
    });
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await after(11, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });
});

describe("a freeze", () => {
  const wanted = product({}, { freezes: [FREEZE] });

  it("keeps waves shut, says why and until when, and is over by itself", async () => {
    const world = aWorld();
    await rest(world, wanted);
    await after(1, world, wanted);
    const { status } = await after(12, world, wanted);
    expect(status).toMatchObject({ phase: "waiting", needsPerson: false, notBefore: Date.UTC(2026, 0, 3) });
    expect(status?.text).toContain("frozen until 2026-01-03 00:00Z: new year");
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await after(35, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });

  it("never keeps a stop or taking back from anybody", async () => {
    const world = aWorld();
    await rest(world, wanted);
    await after(3, world, wanted);
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "bad" },
      world.ports,
    );
    await after(0, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await after(1, world, wanted);
    await after(1, world, wanted);
    expect(stateOf(world)).toBe("rolled back");
  });

  it("never keeps the gate from stopping, also while a wave waits for it to end", async () => {
    const world = aWorld();
    await rest(world, wanted);
    await after(1, world, wanted);
    expect((await after(12, world, wanted)).status?.phase).toBe("waiting");
    // Late defects: what was ok fails.
    failAll(world);
    await after(0, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("never keeps a completed release from completing, being watched and settling", async () => {
    const world = aWorld();
    const late = product({}, { freezes: [{ ...FREEZE, from: "2026-01-01T12:00:00Z" }] });
    await rest(world, late);
    await after(1, world, late);
    await after(4, world, late);
    expect(world.exposed(ATTEMPT).size).toBe(24);
    await after(5, world, late);
    await after(4, world, late);
    expect(stateOf(world)).toBe("watching");
    await after(25, world, late);
    expect(stateOf(world)).toBe("settled");
  });

  it("lets a version go on that it excepts", async () => {
    const world = aWorld();
    const hotfix = product({}, { freezes: [{ ...FREEZE, except: ["1.1.0"] }] });
    await rest(world, hotfix);
    await after(3, world, hotfix);
    await after(4, world, hotfix);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });
});

describe("a maintenance window", () => {
  it("is the only time in which a wave opens", async () => {
    const world = aWorld();
    const wanted = product({ windows: [{ cron: "0 0 * * *", for: "2 hours" }] });
    await rest(world, wanted);
    await after(1, world, wanted);
    expect((await after(12, world, wanted)).status?.notBefore).toBe(Date.UTC(2026, 0, 2));
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await after(12, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });
});

describe("expiresAt", () => {
  it("ends growth for good: what it has reached stays, and a person is asked", async () => {
    const world = aWorld();
    const wanted = product({ expiresAt: "2026-01-01T03:00:00Z" });
    await rest(world, wanted);
    await after(1, world, wanted);
    const { status } = await after(12, world, wanted);
    expect(status).toMatchObject({ phase: "waiting", needsPerson: true });
    await after(1_000, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect(headRecord(world).kind).toBe("start");
  });

  it("keeps a release that nobody started from starting", async () => {
    const world = aWorld();
    world.advance(4 * HOUR);
    await rest(world, product({ expiresAt: "2026-01-01T03:00:00Z" }));
    expect(world.configuration(ATTEMPT)).toBeUndefined();
  });
});

describe("a clock that jumps", () => {
  it("forward into another day's noon and back opens nothing, and holds nothing up", async () => {
    const world = aWorld();
    const wanted = product({ windows: [{ cron: "0 0 * * *", for: "2 hours" }] });
    await rest(world, wanted);
    await after(1, world, wanted);
    await after(24 * 365 + 11, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await after(-24 * 365 - 11, world, wanted);
    for (let hour = 0; hour < 24; hour++) await after(1, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(24);
    expect([...world.records.values()].filter(({ kind }) => kind === "promote")).toHaveLength(1);
  });

  it("back before the start of a release takes nobody back, and opens nothing", async () => {
    const world = aWorld();
    const wanted = product({
      startAt: "2026-01-01T00:00:00Z",
      windows: [{ cron: "0 0 * * *", for: "2 hours" }],
    });
    await rest(world, wanted);
    await after(1, world, wanted);
    await after(-24 * 30, world, wanted);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    expect(stateOf(world)).toBe("running");
  });
});

describe("patience", () => {
  it("that is over asks for a person, promotes nothing and stops nothing", async () => {
    const world = aWorld();
    const wanted = product({ gate: { ...aRelease("1.1.0").gate, patience: "2 days", coverage: "100%" } });
    await rest(world, wanted);
    const [lost = ""] = world.exposed(ATTEMPT);
    world.devices.remove(lost);
    expect((await after(47, world, wanted)).status).toMatchObject({ needsPerson: false });
    const { status } = await after(2, world, wanted);
    expect(status).toMatchObject({ needsPerson: true });
    expect(status?.verdict?.reasons[0]).toMatchObject({ code: "PATIENCE" });
    await after(1_000, world, wanted);
    expect(stateOf(world)).toBe("running");
    expect(world.exposed(ATTEMPT).size).toBe(5);
  });
});

describe("a timed wave", () => {
  it("is promoted by its bake alone, and its record claims nothing", async () => {
    const world = aWorld();
    const waves = WAVES.map((wave) => ({ ...wave, kind: "timed" as const }));
    const wanted = product({ waves });
    await rest(world, wanted);
    world.advance(3 * HOUR);
    expect((await rest(world, wanted)).status).toMatchObject({ phase: "baking" });
    world.advance(HOUR);
    await rest(world, wanted); // Not one device has answered.
    expect(headRecord(world)).toMatchObject({ kind: "promote", verdict: { guarantee: "time-only" } });
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });
});
