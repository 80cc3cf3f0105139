import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { BUCKET_COUNT, bucketOf } from "../../../rollout/model/bucket.ts";
import { widthForDevices } from "../../../rollout/plan/window-width.ts";

/** Devices of a made-up fleet whose real bucket lies in a window. */
function inWindow(fleet: string, devices: number, start: number, width: number): number {
  let found = 0;
  for (let index = 0; index < devices; index++)
    if ((bucketOf(`${fleet}-${index}`) - start + BUCKET_COUNT) % BUCKET_COUNT < width) found++;
  return found;
}

describe("the width of a window for a number of devices", () => {
  it.each([
    // For a large fleet: wanted + 4.5 + 3·√(wanted + 2.25) devices on average.
    { wanted: 100, devices: 1_000_000, width: 135 },
    { wanted: 1, devices: 1_000_000, width: 11 },
    { wanted: 500, devices: 5_000, width: 113_456 },
    { wanted: 10, devices: 20, width: 778_544 },
    // No more than what is wanted: all of them.
    { wanted: 20, devices: 20, width: BUCKET_COUNT },
    { wanted: 100, devices: 7, width: BUCKET_COUNT },
  ])("is $width for $wanted of $devices", ({ wanted, devices, width }) => {
    expect(widthForDevices(wanted, devices)).toBe(width);
  });

  test.prop([fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 50_000 }), fc.nat(5_000)])(
    "grows with what is wanted, and shrinks with the fleet",
    (wanted, devices, more) => {
      expect(widthForDevices(wanted + more, devices)).toBeGreaterThanOrEqual(
        widthForDevices(wanted, devices),
      );
      expect(widthForDevices(wanted, devices + more)).toBeLessThanOrEqual(widthForDevices(wanted, devices));
    },
  );

  it("reaches the number by the real hash, in all but a few of 400 fleets, and not by far too many", () => {
    let short = 0;
    for (let fleet = 0; fleet < 400; fleet++) {
      const [devices, wanted] = [200 + (fleet % 7) * 40, 20 + (fleet % 5) * 20];
      const start = bucketOf(`thermostat/${fleet}.0.0`);
      const reached = inWindow(`fleet-${fleet}`, devices, start, widthForDevices(wanted, devices));
      if (reached < wanted) short += 1;
      expect(reached).toBeLessThan(wanted + 12 + 8 * Math.sqrt(wanted));
    }
    // Three standard deviations: 0.54 of 400 are expected; more than 4 have a chance below one in 2,000.
    expect(short).toBeLessThanOrEqual(4);
  });
});
