import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { castDemo, DEMO_PREFIX, type CastDevice } from "../../local/demo-cast.ts";

const BUCKETS = 1_000_000;

// The hash rule once more, by its definition: this test is to notice when rollout/model/bucket.ts changes.
function bucketOf(text: string): number {
  return Number(
    BigInt(`0x${createHash("sha256").update(text, "utf8").digest("hex").slice(0, 12)}`) % 1_000_000n,
  );
}

const cast = castDemo();

function window(version: string, percent: number): readonly CastDevice[] {
  const start = bucketOf(`thermostat/${version}`);
  const width = percent * 10_000;
  return cast.filter(({ deviceId }) => (bucketOf(deviceId) + BUCKETS - start) % BUCKETS < width);
}
function byRevision(devices: readonly CastDevice[]): { A: number; B: number } {
  const a = devices.filter((device) => device.revision === "A").length;
  return { A: a, B: devices.length - a };
}
const canaries = cast.filter((device) => device.tags.rollout.ring === "canary");

describe("the demo's cast", () => {
  it("has 150 thermostats of each revision with ids of its own", () => {
    expect(byRevision(cast)).toEqual({ A: 150, B: 150 });
    expect(new Set(cast.map((device) => device.deviceId)).size).toBe(300);
    expect(cast[0]?.deviceId).toBe(`${DEMO_PREFIX}-001`);
    expect(cast[299]?.deviceId).toBe(`${DEMO_PREFIX}-300`);
  });

  it("has sensors of lot 7 in a third of revision B and nowhere else, and every other lot in use", () => {
    const bad = cast.filter((device) => device.sensorLot === 7);
    expect(byRevision(bad)).toEqual({ A: 0, B: 50 });
    expect(new Set(cast.map((device) => device.sensorLot))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
  });

  it("names product, stratum and ring in the tags and never a bucket", () => {
    for (const device of cast) {
      expect(device.tags.product).toBe("thermostat");
      expect(device.tags.rollout.stratum).toBe(device.revision);
      const keys = Object.keys(device.tags.rollout);
      expect(keys).toEqual(canaries.includes(device) ? ["stratum", "ring"] : ["stratum"]);
    }
  });

  it("has a canary ring of six of revision A that no 10% window meets", () => {
    expect(byRevision(canaries)).toEqual({ A: 6, B: 0 });
    const met = [...window("1.1.0", 10), ...window("1.2.0", 10)];
    expect(canaries.filter((device) => met.includes(device))).toEqual([]);
  });

  it("gives the bad release fifteen devices of each revision in its first percentage, five of them with lot 7", () => {
    const wave = window("1.2.0", 10);
    expect(byRevision(wave)).toEqual({ A: 15, B: 15 });
    expect(wave.filter((device) => device.sensorLot === 7)).toHaveLength(5);
  });

  it("gives each wave of the good release as many new devices as its gate needs to be sure", () => {
    const first = window("1.1.0", 10);
    const known = new Set([...canaries, ...first]);
    const half = window("1.1.0", 50).filter((device) => !known.has(device));
    const last = cast.filter((device) => !known.has(device) && !half.includes(device));
    for (const revision of ["A", "B"] as const) {
      expect(byRevision(first)[revision]).toBeGreaterThanOrEqual(10);
      expect(byRevision(half)[revision]).toBeGreaterThanOrEqual(57);
      expect(byRevision(half)[revision]).toBeLessThanOrEqual(62);
      expect(byRevision(last)[revision]).toBeGreaterThanOrEqual(72);
      expect(byRevision(last)[revision]).toBeLessThanOrEqual(75);
    }
  });
});
