import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { bucketOf, BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import { parseRelease } from "../../../rollout/model/release.ts";
import { releaseStart, windowCondition } from "../../../rollout/plan/bucket-window.ts";
import type { Exposable } from "../../../rollout/plan/reach.ts";
import { MAX_CONDITION } from "../../../rollout/plan/target-condition.ts";
import { waveCondition } from "../../../rollout/plan/wave-condition.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aRelease, imagesOf } from "../../support/declarations.ts";
import { createWorld } from "../../support/world.ts";

// Conditions are judged by the local hub's compiler, which was written from the service's documents alone.

function exposable(version: string): Exposable {
  const waves = [
    { name: "canary", cohort: ring("canary"), kind: "smoke" as const },
    { name: "10%", cohort: percent(10) },
    { name: "everyone", cohort: percent(100) },
  ];
  const parsed = parseRelease(aRelease(version, { waves }), "r.ts").release;
  if (parsed === undefined) throw new Error("the builder's release is wrong");
  return { release: parsed, priority: 1_010, windows: {} };
}

describe("a window of buckets", () => {
  test.prop([
    fc.integer({ min: 0, max: BUCKET_COUNT - 1 }),
    fc.integer({ min: 1, max: BUCKET_COUNT }),
    fc.integer({ min: 0, max: BUCKET_COUNT - 1 }),
  ])("names exactly the buckets from its start on, around the end", (start, width, bucket) => {
    const world = createWorld({ devices: [{ deviceId: "one" }], version: "1.0.0", images: imagesOf() });
    world.devices.mergeTwin("one", { tags: { rollout: { bucket } } });
    const inside = (bucket - start + BUCKET_COUNT) % BUCKET_COUNT < width;
    expect(compileTargetCondition(windowCondition({ start, width })).isTarget(world.devices.get("one"))).toBe(
      inside,
    );
  });

  it("takes the tag's bucket where there is one, so that a hostile device cannot choose its wave", () => {
    const world = createWorld({ devices: [{ deviceId: "one" }], version: "1.0.0", images: imagesOf() });
    const { isTarget } = compileTargetCondition(windowCondition({ start: 0, width: 10 }));
    world.devices.mergeReported("one", { firmware: { bucket: 5 } });
    expect(isTarget(world.devices.get("one"))).toBe(true);
    world.devices.mergeTwin("one", { tags: { rollout: { bucket: 500 } } });
    expect(isTarget(world.devices.get("one"))).toBe(false);
  });

  it.each(["5", true, null])("does not match a bucket that is no number (%s)", (bucket) => {
    const world = createWorld({ devices: [{ deviceId: "one" }], version: "1.0.0", images: imagesOf() });
    world.devices.mergeReported("one", { firmware: { bucket: null } });
    world.devices.mergeReported("one", { firmware: { bucket } });
    expect(
      compileTargetCondition(windowCondition({ start: 0, width: BUCKET_COUNT })).isTarget(
        world.devices.get("one"),
      ),
    ).not.toBe(true);
  });

  it("starts at the release's own place", () => {
    expect(releaseStart({ product: "thermostat", version: "1.2.0" })).toBe(bucketOf("thermostat/1.2.0"));
    const window = windowCondition({ start: bucketOf("thermostat/2.0.0"), width: 100_000 });
    expect(waveCondition(exposable("2.0.0"), 1)).toContain(window);
  });
});

describe("the condition of a wave", () => {
  it("holds the waves before it, and everyone in the last one", () => {
    const devices = Array.from({ length: 400 }, (_, index) => ({
      deviceId: `d-${index}`,
      stratum: "A",
      ...(index < 5 ? { ring: "canary" } : {}),
    }));
    const world = createWorld({ devices, version: "1.0.0", images: imagesOf() });
    const sizes: number[] = [];
    let before = new Set<string>();
    for (const wave of [0, 1, 2]) {
      const { isTarget } = compileTargetCondition(waveCondition(exposable("2.0.0"), wave));
      const inWave = new Set(
        [...world.devices.all()]
          .filter((device) => isTarget(device) === true)
          .map(({ deviceId }) => deviceId),
      );
      expect(before.isSubsetOf(inWave)).toBe(true);
      before = inWave;
      sizes.push(inWave.size);
    }
    expect(sizes[0]).toBe(5);
    expect(sizes[1]).toBeGreaterThan(25);
    expect(sizes[1]).toBeLessThan(70);
    expect(sizes[2]).toBe(400);
  });

  it("leaves out devices of other products and devices on hold, and fits the service's limit", () => {
    const world = createWorld({
      devices: [{ deviceId: "held" }, { deviceId: "other" }, { deviceId: "mine" }],
      version: "1.0.0",
      images: imagesOf(),
    });
    world.devices.mergeTwin("held", { tags: { rollout: { hold: "lab" } } });
    world.devices.mergeTwin("other", { tags: { product: "boiler" } });
    const condition = waveCondition(exposable("2.0.0"), 2);
    expect(condition.length).toBeLessThan(MAX_CONDITION);
    const { isTarget } = compileTargetCondition(condition);
    expect(
      [...world.devices.all()].filter((device) => isTarget(device) === true).map(({ deviceId }) => deviceId),
    ).toEqual(["mine"]);
  });
});
