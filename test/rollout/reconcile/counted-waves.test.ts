import { describe, expect, it } from "vitest";
import { renderPlan } from "../../../rollout/cli/views/plan.ts";
import { BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import { windowCondition } from "../../../rollout/plan/bucket-window.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { isRolledOut, type RolloutIntent } from "../../../rollout/model/record.ts";
import { stamp } from "../../support/windows.ts";
import { atLeast, devices, percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, crashAt, Crash, headRecord, HOUR, look, rest } from "./in-canary.ts";

// The owner who wants one percent and then more writes five lines (nerves_hub_web#419): these are such files.

const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "twenty", cohort: devices(20), kind: "smoke" },
      { name: "strata", cohort: atLeast(40).per("stratum"), kind: "smoke" },
      { name: "many", cohort: devices(200), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
  }),
);

function aWorld(): World {
  return createWorld({ devices: aFleet(300), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
}

function running(world: World): RolloutIntent {
  const intent = headRecord(world).intents.find(({ attempt }) => attempt === ATTEMPT);
  if (intent === undefined || !isRolledOut(intent)) throw new Error("1.1.0 has not started");
  return intent;
}

/** Let the wave pass: its devices answer, it bakes, and the next one opens. */
async function pass(world: World, product = PRODUCT): Promise<void> {
  world.settle(() => "ok");
  await rest(world, product);
  world.advance(4 * HOUR);
  await rest(world, product);
}

describe("a window made from counts", () => {
  it("is computed when its wave opens, kept by the record, and only grows", async () => {
    const world = aWorld();
    await rest(world, PRODUCT);
    expect(Object.keys(running(world).windows)).toEqual(["twenty"]);
    const first = world.exposed(ATTEMPT);
    expect(first.size).toBeGreaterThanOrEqual(20);
    expect(first.size).toBeLessThan(60);

    // The fleet grows tenfold: what is open keeps its window, what opens next is computed anew.
    const { windows } = running(world);
    for (let index = 0; index < 2_700; index++) {
      const deviceId = `later-${index}`;
      world.devices.register({ deviceId, tags: { product: "thermostat", rollout: { stratum: "B" } } });
      stamp(world, deviceId);
    }
    await rest(world, PRODUCT);
    expect(running(world).windows).toEqual(windows);
    await pass(world);
    expect(running(world)).toMatchObject({ wave: 1, windows });
    const strata = running(world).windows["strata"] ?? {};
    expect(strata["A"]).toBeGreaterThan(300_000);
    expect(strata["B"]).toBeLessThan(40_000);
    const second = world.exposed(ATTEMPT);
    expect([...first.difference(second)]).toEqual([]);

    // 200 of 3,000 are a narrower window than 20 of 300 were: nothing widens, nothing shrinks.
    const { condition } = running(world);
    await pass(world);
    expect(running(world).wave).toBe(2);
    expect(running(world).windows["many"]?.["*"]).toBeLessThan(running(world).windows["twenty"]?.["*"] ?? 0);
    expect(running(world).condition).toBe(condition);
    expect(world.exposed(ATTEMPT)).toEqual(second);
  });

  it("is the same after a crash between the record and the widening", async () => {
    const world = aWorld();
    await rest(world, PRODUCT);
    world.settle(() => "ok");
    await rest(world, PRODUCT);
    world.advance(4 * HOUR);
    crashAt(world, "before", `replace ${ATTEMPT}`);
    await expect(look(world, PRODUCT)).rejects.toThrow(Crash);
    world.fault = () => undefined;
    const { windows, condition } = running(world);
    world.devices.mergeTwin("device-1", { tags: { rollout: { stratum: "A" } } });
    await rest(world, PRODUCT);
    expect(running(world).windows).toEqual(windows);
    expect(world.configuration(ATTEMPT)?.condition).toBe(condition);
  });

  it("does not open while no device with a bucket is counted", async () => {
    const world = aWorld();
    await rest(world, PRODUCT);
    world.settle(() => "ok");
    await rest(world, PRODUCT);
    const { hub } = world;
    // A query that lags by hours: it sees the devices' answers, and not their buckets.
    const count: HubPort["count"] = (query) =>
      query.includes(windowCondition({ start: 0, width: BUCKET_COUNT }))
        ? Promise.resolve({})
        : hub.count(query);
    world.advance(4 * HOUR);
    const ports = { ...world.ports, hubs: [{ ...hub, count }] };
    await reconcile(PRODUCT, ports, { actor: "test", queryLagMs: 0 });
    expect(running(world).wave).toBe(0);
    await rest(world, PRODUCT);
    expect(running(world).wave).toBe(1);
  });
});

describe("a plan with such waves", () => {
  it("counts whom they would reach now, and starts with what it showed", async () => {
    const world = aWorld();
    const { plan } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    if (plan.kind !== "known" || plan.value.release === undefined) throw new Error("no plan");
    const { waves, windows } = plan.value.release;
    await rest(world, PRODUCT);
    expect(running(world).windows).toEqual({ twenty: windows["twenty"] });
    expect(running(world).condition).toBe(waves[0]?.condition);
    const counted = waves.map((wave) => Object.values(wave.devices).reduce((sum, count) => sum + count, 0));
    expect(counted[0]).toBe(world.exposed(ATTEMPT).size);
    for (const stratum of ["A", "B"]) expect(waves[1]?.devices[stratum]).toBeGreaterThanOrEqual(40);
    expect(plan.value.problems).toEqual([]);
    const shown = renderPlan(plan.value);
    expect(shown).toMatch(/^ {2}twenty: a window over [\d.]+% of the buckets, by today's counts/m);
    expect(shown).toMatch(
      /^ {2}strata: a window over [\d.]+% of stratum A, [\d.]+% of stratum B, by today's/m,
    );
  });

  it("has the same digest when the counts have moved", async () => {
    const world = aWorld();
    const digest = async (): Promise<string> => {
      const { plan } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
      if (plan.kind !== "known") throw new Error("no plan");
      return plan.value.digest;
    };
    await rest(world, declared());
    const before = await digest();
    for (let index = 0; index < 50; index++) world.devices.remove(`device-${200 + index}`);
    expect(await digest()).toBe(before);
  });

  it("refuses a stratum that no condition can name", async () => {
    const world = aWorld();
    world.devices.mergeTwin("device-7", { tags: { rollout: { stratum: "Rev B" } } });
    const { plan } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    if (plan.kind !== "known") throw new Error("no plan");
    expect(plan.value.problems).toContainEqual(
      expect.objectContaining({
        code: "CONDITION_INVALID",
        summary: 'no target condition can name the stratum "Rev B"',
      }),
    );
  });

  it("warns when what is below takes only devices that run a certain version", async () => {
    const world = aWorld();
    const waves = [
      { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
      { name: "everyone", cohort: percent(100), kind: "smoke" as const },
    ];
    const step = declared(aRelease("1.1.0", { waves, requires: "1.0.0" }));
    await rest(world, step);
    await pass(world, step);
    await pass(world, step);
    expect(running(world).state).toBe("watching");
    const both = declared(aRelease("1.1.0", { waves, requires: "1.0.0" }), aRelease("1.2.0", { waves }));
    const { plan } = await observeProduct(both, { ...world.ports, settings: { queryLag: 0 } });
    if (plan.kind !== "known") throw new Error("no plan");
    expect(plan.value.problems).toContainEqual(
      expect.objectContaining({ severity: "warning", code: "NO_BASELINE", path: "baseline 1.1.0" }),
    );
  });
});
