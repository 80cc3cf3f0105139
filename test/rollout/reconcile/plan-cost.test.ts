import { describe, expect, it } from "vitest";
import { renderPlan, renderSummary } from "../../../rollout/cli/views/plan.ts";
import type { HubSize } from "../../../rollout/model/hub-limits.ts";
import { checkDeclarations } from "../../../rollout/plan/check-declarations.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import type { ProductPlan } from "../../../rollout/plan/product-plan.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { reconcile, type ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring, type WaveDeclaration } from "../../../rollout/wavegate.ts";
import {
  aFleet,
  anArtifact,
  aRelease,
  aSignedArtifact,
  declared,
  imagesOf,
} from "../../support/declarations.ts";
import { createWorld } from "../../support/world.ts";

// What a plan says a rollout costs its hubs.

const IMAGES = imagesOf("1.0.0", "1.1.0");
const LOOK_EVERY = 5 * 60_000;

/** Hubs of these sizes; the fleet is dealt out over them, two thirds to the first of two. */
function hubsOf(devices: number, sizes: Readonly<Record<string, HubSize>>): ReconcilePorts {
  const names = Object.keys(sizes);
  const worlds = names.map((hub, index) =>
    createWorld({
      hub,
      devices: aFleet(devices).filter((_, place) => names.length === 1 || place % 6 < 4 === (index === 0)),
      version: "1.0.0",
      images: IMAGES,
    }),
  );
  const [first] = worlds;
  if (first === undefined) throw new Error("no hub");
  return {
    ...first.ports,
    hubs: worlds.map(({ hub }) => {
      const size = sizes[hub.name];
      return size === undefined ? hub : { ...hub, size };
    }),
  };
}

function product(waves: readonly WaveDeclaration[]): Declared {
  return declared(aRelease("1.1.0", { waves }));
}

async function planOf(ports: ReconcilePorts, of: Declared): Promise<ProductPlan> {
  const settings = { queryLag: 0, lookEvery: LOOK_EVERY };
  const { plan } = await observeProduct(of, { ...ports, settings });
  if (plan.kind !== "known") throw new Error(plan.kind);
  return plan.value;
}

const SMOKE: readonly WaveDeclaration[] = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke" },
];

describe("the traffic of a plan", () => {
  it("is priced hub by hub, under each one's tier and units", async () => {
    const ports = hubsOf(600, { a: { tier: "S1", units: 1 }, b: { tier: "F1", units: 1 } });
    const plan = await planOf(ports, product(SMOKE));
    const [canary, everyone] = plan.release?.waves ?? [];
    // Ten operations a device; the ring's six are dealt out like all others.
    expect(canary?.traffic.map(({ hub, devices }) => [hub, devices])).toEqual([
      ["a", 4],
      ["b", 2],
    ]);
    expect(everyone?.traffic).toMatchObject([
      { hub: "a", tier: "S1", devices: 396, operations: 3_960, messages: 3_960, quotaShare: 0.0099 },
      // 0.5 KB a message there: 198 devices of 24 or so are more than half of its 8,000.
      { hub: "b", tier: "F1", devices: 198 },
    ]);
    expect(everyone?.traffic[1]?.messages).toBeGreaterThan(198 * 10);
    expect(plan.problems).toMatchObject([
      { code: "WAVE_TOO_FAST", summary: expect.stringContaining("198 devices on b at once") as string },
    ]);
  });

  it("knows the bytes that this very release sends", async () => {
    const ports = hubsOf(300, { a: { tier: "S1", units: 1 } });
    const lean = await planOf(ports, product(SMOKE));
    const boards = Array.from({ length: 60 }, (_, index) => `${index}-${"x".repeat(55)}`);
    const artifact = aSignedArtifact("1.1.0", { hardware: boards });
    const rich = await planOf(ports, declared(aRelease("1.1.0", { waves: SMOKE, artifact })));
    expect(rich.release?.desiredBytes).toBeGreaterThan((lean.release?.desiredBytes ?? 0) + 3_800);
    // Over 4 KB the patch, the notification and both reads are two messages each.
    expect(lean.release?.waves[1]?.traffic[0]?.messages).toBe(294 * 10);
    expect(rich.release?.waves[1]?.traffic[0]?.messages).toBe(294 * 14);
  });

  it("blocks a wave that could not be taken back, until it is paced as the hint says", async () => {
    const ports = hubsOf(600, { a: { tier: "F1", units: 1 } });
    const plan = await planOf(ports, product(SMOKE));
    expect(plan.problems).toMatchObject([{ severity: "error", code: "WAVE_TOO_FAST" }]);
    const looked = await reconcile(product(SMOKE), ports, { actor: "test", queryLagMs: 0 });
    expect(looked.problems).toMatchObject([{ code: "WAVE_TOO_FAST" }]);
    const [, parts, every] = /parts: (\d+), every: "(\d+ hours)"/.exec(plan.problems[0]?.hint ?? "") ?? [];
    const pace = { parts: Number(parts), every: every as `${number} hours` };
    const paced = product([SMOKE[0]!, { ...SMOKE[1]!, pace }]);
    expect((await planOf(ports, paced)).problems).toEqual([]);
  });

  it("is not told where no hub's size is known", async () => {
    const plan = await planOf(hubsOf(48, { a: undefined as unknown as HubSize }), product(SMOKE));
    expect(plan.release?.waves.map(({ traffic }) => traffic)).toEqual([[], []]);
    expect(plan.release).not.toHaveProperty("ownCalls");
    expect(renderPlan(plan)).not.toMatch(/messages|our calls/);
  });
});

describe("our own calls", () => {
  it("are those of all looks, and their share of the smallest hub's budget", async () => {
    const ports = hubsOf(48, { a: { tier: "S3", units: 1 }, b: { tier: "S1", units: 1 } });
    const { release } = await planOf(ports, product(SMOKE));
    // Two bakes of 3.5 hours and a day of watching: 31 hours, 372 looks of 6 queries each against 20 a minute.
    expect(release?.ownCalls).toMatchObject({ callsPerLook: 7, looks: 372, products: 1 });
    expect(release?.ownCalls?.days).toBeCloseTo(31 / 24, 9);
    expect(release?.ownCalls?.queryShare).toBeCloseTo((372 * 6 + 2) / (20 * 31 * 60), 9);
  });
});

describe("making a plan", () => {
  it("takes one listing, a query for each thing it counts, and none twice", async () => {
    const [queries, listings] = [[] as string[], [] as string[]];
    const ports = hubsOf(300, { a: { tier: "S1", units: 1 } });
    const [hub] = ports.hubs;
    if (hub === undefined) throw new Error("no hub");
    const counted = {
      ...hub,
      count: (query: string) => {
        queries.push(query);
        return hub.count(query);
      },
      list: () => {
        listings.push("list");
        return hub.list();
      },
    };
    await planOf({ ...ports, hubs: [counted] }, product(SMOKE));
    expect(listings).toHaveLength(1);
    expect(new Set(queries).size).toBe(queries.length);
    // Who runs the baseline, who may take the release, and each wave.
    expect(queries).toHaveLength(2 + SMOKE.length);
  });
});

describe("plans of several products", () => {
  it("are shown one below the other, with a line that sums them up", async () => {
    const names = ["boiler", "press", "thermostat"];
    const adopt = { version: "1.0.0", artifact: anArtifact("1.0.0") };
    const checked = checkDeclarations({
      fleet: {
        value: { products: Object.fromEntries(names.map((name) => [name, { adopt }])) },
        file: "fleet.ts",
      },
      releases: [
        { value: aRelease("1.1.0", { waves: SMOKE }), file: "releases/thermostat.ts" },
        {
          value: aRelease("1.1.0", { product: "press", waves: SMOKE, artifact: anArtifact("never stored") }),
          file: "releases/press.ts",
        },
      ],
    });
    const ports = hubsOf(300, { a: { tier: "S1", units: 1 } });
    const [boiler] = checked.products;
    if (boiler === undefined) throw new Error("no product");
    for (let looks = 0; looks < 2; looks++) await reconcile(boiler, ports, { actor: "test", queryLagMs: 0 });
    const plans = [];
    for (const one of checked.products) plans.push(await planOf(ports, one));
    const shown = [...plans.map(renderPlan), renderSummary(plans)].join("\n\n");
    expect(shown.replaceAll(/plan [0-9a-f]{12}/g, "plan DIGEST")).toMatchInlineSnapshot(`
      "boiler: nothing to do, the fleet is as declared
        keep 1.0.0: is what devices return to; for nobody until a release is taken back

      press: plan DIGEST
        create wg--press: the configuration that names the product's records; it reaches no device
        adopt 1.0.0: what the devices run today becomes the baseline; no device is written to
        create 1.1.0: its configuration fw--press--1-1-0--1, for nobody yet
        start 1.1.0: opens wave "canary" with 0 devices
        widen 1.1.0: opens wave "everyone" with 0 more when the gate promotes "canary"
        wave      adds      devices  kind   bake       stops at  promotes with  traffic
        canary    0 (none)  0        smoke  3.5 hours  none bad  -              0 messages, 0% of a day, 0 seconds
        everyone  0 (none)  0        smoke  3.5 hours  none bad  -              0 messages, 0% of a day, 0 seconds
        gate: tolerate 2%, reject 10%; abort at 40 over the rollout, 40 in a wave, or 20 devices harmed
        way back: devices return to 1.0.0 (unsigned, so no floor is known); all of them: 0% of a day's messages
        our calls: 7 a look and hub, 2,624 in 1.3 days: 18.02% of the query budget, 3 products side by side
      error NO_DEVICES: releases/press.ts: product
        no device has tags.product = 'press'
        next: set the tag on the devices of this product, or correct the product's name or the condition
      error ARTIFACT_MISSING: releases/press.ts: artifact
        the image store has no sha256/b68565cf5699273f6a21847b3fe44726374cbd6c3bfdc829527f1db2a0504341.bin
        next: upload the image again with: wavegate release add FILE

      thermostat: plan DIGEST
        create wg--thermostat: the configuration that names the product's records; it reaches no device
        adopt 1.0.0: what the devices run today becomes the baseline; no device is written to
        create 1.1.0: its configuration fw--thermostat--1-1-0--1, for nobody yet
        start 1.1.0: opens wave "canary" with 6 devices
        widen 1.1.0: opens wave "everyone" with 294 more when the gate promotes "canary"
        wave      adds                devices  kind   bake       stops at        promotes with  traffic
        canary    6 (A 6)             6        smoke  3.5 hours  A 3 bad         -              60 messages, 0.01% of a day, 1 second
        everyone  294 (A 144, B 150)  300      smoke  3.5 hours  A 11, B 11 bad  -              2,940 messages, 0.73% of a day, 41 seconds
        gate: tolerate 2%, reject 10%; abort at 80 over the rollout, 80 in a wave, or 20 devices harmed
        way back: devices return to 1.0.0 (unsigned, so no floor is known); all of them: 0.75% of a day's messages
        our calls: 7 a look and hub, 2,624 in 1.3 days: 18.02% of the query budget, 3 products side by side

      3 products: 1 to change, 1 as declared, 1 blocked (2 errors, 0 warnings)"
    `);
  });
});
