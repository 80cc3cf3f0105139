import { describe, expect, it } from "vitest";
import type { ExplainedRelease } from "../../../rollout/plan/explain-device.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { bucketOf } from "../../../rollout/model/bucket.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { releaseStart, widthOfPercent } from "../../../rollout/plan/bucket-window.ts";
import { deviceNamed, explainDevice } from "../../../rollout/reconcile/explain.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { atLeast, devices, named, percent, ring, where, type Cohort } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { inCanary, PRODUCT } from "./in-canary.ts";

function aWorld(): World {
  return createWorld({ devices: aFleet(200), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
}

function product(cohorts: readonly Cohort[], more: Parameters<typeof aRelease>[1] = {}): Declared {
  const waves = [...cohorts, percent(100)].map((cohort, index) => ({
    name: `w${index}`,
    cohort,
    kind: "smoke" as const,
  }));
  return declared(aRelease("1.1.0", { waves, ...more }));
}

async function explain(world: World, deviceId: string, of: Declared): Promise<readonly ExplainedRelease[]> {
  const observed = await observeProduct(of, { ...world.ports, settings: { queryLag: 0 } });
  return explainDevice(await deviceNamed(deviceId, world.ports.hubs), observed, world.ports);
}

/** A device whose bucket lies in the release's first `share` percent, or beyond. */
function deviceIn(share: number, inside: boolean): string {
  const start = releaseStart({ product: "thermostat", version: "1.1.0" });
  const width = widthOfPercent(share);
  const found = aFleet(200).find(
    ({ deviceId, ring: own }) =>
      own === undefined && (bucketOf(deviceId) - start + 1_000_000) % 1_000_000 < width === inside,
  );
  if (found === undefined) throw new Error("no such device");
  return found.deviceId;
}

describe("explaining a device", () => {
  it.each([
    ["a ring", [ring("canary")], "device-2", "w0", "its ring is canary"],
    ["a name", [named(["device-9", "device-3"])], "device-3", "w0", "the wave names it"],
    [
      "a condition",
      [where("deviceId = 'device-5'")],
      "device-5",
      "w0",
      "under the wave's condition: deviceId",
    ],
    ["a share", [ring("canary"), percent(30)], deviceIn(30, true), "w1", "is in the window ["],
    ["nothing but the last wave", [percent(30)], deviceIn(30, false), "w1", "of all buckets, [0, 1000000)"],
    ["a stratum", [atLeast(100).per("stratum")], "device-7", "w0", "window of stratum B: of all buckets"],
    ["a number of devices", [devices(200)], "device-8", "w0", "of all buckets"],
  ] as const)("names the wave of %s", async (_, cohorts, deviceId, wave, because) => {
    const [planned] = await explain(aWorld(), deviceId, product(cohorts));
    expect(planned).toMatchObject({
      state: "planned",
      version: "1.1.0",
      isExposed: false,
      wave: { name: wave },
    });
    expect(planned?.because).toEqual([expect.stringContaining(because)]);
  });

  it.each([
    ["is held", { rollout: { hold: "lab" } }, {}, 'it is held: tags.rollout.hold is "lab"'],
    [
      "is quarantined",
      { rollout: { quarantine: 1_000 } },
      {},
      "quarantine is 1000, and the release has priority 1010",
    ],
    ["is of another product", { product: "boiler" }, {}, 'another product: tags.product is "boiler"'],
    [
      "has no bucket",
      {},
      { bucket: null },
      "it has no numeric bucket: properties.reported.firmware.bucket is not set",
    ],
    [
      "has a bucket that is no number",
      { rollout: { bucket: "5" } },
      {},
      'no numeric bucket: tags.rollout.bucket is "5"',
    ],
    [
      "is not under its condition",
      { site: "attic" },
      {},
      "not under the release's condition: NOT IS_DEFINED(tags.site)",
    ],
    ["runs another version than required", {}, { currentFwVersion: "0.8.0" }, 'currentFwVersion is "0.8.0"'],
  ] as const)("says that it %s", async (_, tags, firmware, because) => {
    const world = aWorld();
    world.devices.mergeTwin("device-7", { tags });
    world.devices.mergeReported("device-7", { firmware });
    const of = product([percent(30)], { where: "NOT IS_DEFINED(tags.site)", requires: "1.0.0" });
    const [planned] = await explain(world, "device-7", of);
    expect(planned?.wave).toBeUndefined();
    expect(planned?.because).toEqual([expect.stringContaining(because)]);
  });

  it("shows everything that keeps a device out", async () => {
    const world = aWorld();
    world.devices.mergeTwin("device-7", { tags: { rollout: { hold: "lab", bucket: "5" } } });
    const [planned] = await explain(world, "device-7", product([percent(30)]));
    expect(planned?.because).toHaveLength(2);
  });

  it("tells what a release under way has reached from what it has not", async () => {
    const world = await inCanary();
    expect(await explain(world, "device-2", PRODUCT)).toMatchObject([
      { state: "running", isExposed: true, wave: { name: "canary", number: 1, of: 3 } },
    ]);
    const [later] = await explain(world, "device-23", PRODUCT);
    expect(later).toMatchObject({ state: "running", isExposed: false });
    expect(later?.wave?.number).toBeGreaterThan(1);
  });

  it("agrees with the hub on every device of a fleet", async () => {
    const world = await inCanary();
    const exposed = world.exposed("fw--thermostat--1-1-0--1");
    for (const { deviceId } of aFleet(24)) {
      const [running] = await explain(world, deviceId, PRODUCT);
      expect(running?.isExposed).toBe(exposed.has(deviceId));
    }
  });

  it("is found on a hub that answers, although another does not", async () => {
    const [hub] = aWorld().ports.hubs;
    const failure = new WavegateError("HUB_UNREACHABLE", "no answer", { hint: "look again" });
    const silent = { ...hub!, device: () => Promise.reject(failure) };
    expect(await deviceNamed("device-7", [silent, hub!])).toMatchObject({ deviceId: "device-7" });
    // Whether the silent one has it, nobody can tell.
    await expect(deviceNamed("no-such", [silent, hub!])).rejects.toBe(failure);
  });

  it.each([
    ["no-such", "DEVICE_UNKNOWN"],
    ["it is'; --", "BAD_OPTION"],
    ["", "BAD_OPTION"],
  ])("refuses a name that is nobody's: %s", async (name, code) => {
    await expect(deviceNamed(name, aWorld().ports.hubs)).rejects.toMatchObject({ code });
  });
});
