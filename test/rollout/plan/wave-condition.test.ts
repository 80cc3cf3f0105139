import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { compileTargetCondition } from "../../../local/hub/query/target-condition.ts";
import { BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import type { Cohort } from "../../../rollout/model/cohort.ts";
import type { Release } from "../../../rollout/model/release.ts";
import { parseRelease } from "../../../rollout/model/release.ts";
import { reachesEveryone } from "../../../rollout/plan/cover.ts";
import type { Exposable } from "../../../rollout/plan/reach.ts";
import { MAX_CONDITION } from "../../../rollout/plan/target-condition.ts";
import { partCondition, waveCondition } from "../../../rollout/plan/wave-condition.ts";
import { atLeast, devices, named, percent, ring, where } from "../../../rollout/wavegate.ts";
import { aRelease, imagesOf } from "../../support/declarations.ts";
import { stamp, windowsOf } from "../../support/windows.ts";
import { createWorld } from "../../support/world.ts";

// Conditions are judged by the local hub's compiler, which was written from the service's documents alone.

const STRATA = ["A", "B", "o'clock", "7", undefined];
const world = createWorld({
  devices: Array.from({ length: 400 }, (_, index) => {
    // Most are of A: a count per stratum has to reach the rare ones by a wider window.
    const stratum = STRATA[index % 10 < 6 ? 0 : (index % 10) - 5];
    return {
      deviceId: `d-${index}`,
      ...(stratum === undefined ? {} : { stratum }),
      ...(index % 37 === 0 ? { ring: "canary" } : {}),
    };
  }),
  version: "1.0.0",
  images: imagesOf(),
});
for (let index = 0; index < 400; index += 3) stamp(world, `d-${index}`);
// A stratum that is a number in the tags is one that the counts call "7".
world.devices.mergeTwin("d-8", { tags: { rollout: { stratum: 7 } } });
world.devices.mergeReported("d-38", { firmware: { bucket: null } });

function targets(condition: string): Set<string> {
  const { isTarget } = compileTargetCondition(condition);
  return new Set(
    [...world.devices.all()].filter((one) => isTarget(one) === true).map(({ deviceId }) => deviceId),
  );
}

function baseRelease(more: Parameters<typeof aRelease>[1] = {}): Release {
  const parsed = parseRelease(aRelease("2.0.0", more), "r.ts");
  if (parsed.release === undefined) throw new Error(JSON.stringify(parsed.problems));
  return parsed.release;
}
const BASE = baseRelease();

/** Any waves at all, in any order; only the last is everyone, as a release file has to say. */
function exposable(cohorts: readonly Cohort[], more: { version?: string; parts?: number } = {}): Exposable {
  const waves = [...cohorts, percent(100)].map((cohort, index) => ({
    name: `w${index}`,
    cohort,
    kind: "smoke" as const,
    bakeMs: 0,
    approvals: 0,
    ...(more.parts === undefined ? {} : { pace: { parts: more.parts, everyMs: 1 } }),
  }));
  return {
    release: { ...BASE, version: more.version ?? BASE.version, waves },
    priority: 1_010,
    windows: {},
  };
}

async function counted(of: Exposable): Promise<Exposable> {
  return { ...of, windows: await windowsOf(world, of) };
}

const anyCohort: fc.Arbitrary<Cohort> = fc.oneof(
  fc.constantFrom(
    ring("canary"),
    ring("nobody"),
    where("tags.rollout.stratum = 'B'"),
    where("deviceId = 'd-38'"),
  ),
  fc.integer({ min: 1, max: 1_000 }).map((tenths) => percent(tenths / 10)),
  fc.integer({ min: 1, max: 500 }).map(devices),
  fc.integer({ min: 1, max: 120 }).map((count) => atLeast(count).per("stratum")),
  fc
    .uniqueArray(
      fc.integer({ min: 0, max: 399 }).map((index) => `d-${index}`),
      { minLength: 1, maxLength: 5 },
    )
    .map(named),
);
const anyVersion = fc.nat(200).map((minor) => `2.${minor}.0`);

describe("the conditions of a release's waves", () => {
  test.prop([fc.array(anyCohort, { minLength: 1, maxLength: 5 }), anyVersion], { numRuns: 150 })(
    "contain each other, whatever the mix of cohorts, and fit the service's limit",
    async (cohorts, version) => {
      const of = await counted(exposable(cohorts, { version }));
      let before = new Set<string>();
      of.release.waves.forEach((_, index) => {
        const condition = waveCondition(of, index);
        expect(condition.length).toBeLessThan(MAX_CONDITION);
        const inWave = targets(condition);
        expect([...before.difference(inWave)]).toEqual([]);
        before = inWave;
      });
      // d-38 has no bucket: it is in the last wave only where an earlier one named it.
      expect(before.size).toBeGreaterThanOrEqual(399);
    },
  );

  test.prop(
    [fc.array(anyCohort, { minLength: 0, maxLength: 3 }), anyVersion, fc.integer({ min: 2, max: 6 })],
    {
      numRuns: 100,
    },
  )("grow part by part from the wave before to the whole wave", async (cohorts, version, parts) => {
    const of = await counted(exposable(cohorts, { version, parts }));
    let before = new Set<string>();
    of.release.waves.forEach((_, wave) => {
      for (let part = 1; part <= parts; part++) {
        const inPart = targets(partCondition(of, wave, part));
        expect([...before.difference(inPart)]).toEqual([]);
        before = inPart;
      }
      expect(partCondition(of, wave, parts)).toBe(waveCondition(of, wave));
    });
  });

  test.prop([fc.integer({ min: 1, max: 390 }), anyVersion], { numRuns: 50 })(
    "hold about as many devices as `devices` says, never as few by more than chance allows",
    async (count, version) => {
      const of = await counted(exposable([devices(count)], { version }));
      const reached = targets(waveCondition(of, 0)).size;
      // Three standard deviations is the reserve; a window short by three more would be no chance.
      expect(reached).toBeGreaterThanOrEqual(count - 3 * Math.sqrt(count));
      expect(reached).toBeLessThanOrEqual(count + 12 + 6 * Math.sqrt(count));
    },
  );

  it("reach every stratum, those without a tag too, and all of a small one (hawkbit#1086)", async () => {
    const of = await counted(exposable([atLeast(45).per("stratum")]));
    const inWave = targets(waveCondition(of, 0));
    const byStratum = new Map<string, number>();
    for (const { deviceId, tags } of world.devices.all()) {
      const { stratum } = (tags?.["rollout"] ?? {}) as { stratum?: string | number };
      const name = String(stratum ?? "other");
      if (inWave.has(deviceId)) byStratum.set(name, (byStratum.get(name) ?? 0) + 1);
    }
    expect(Object.keys(of.windows["w0"] ?? {}).sort()).toEqual(["7", "A", "B", "o'clock", "other"]);
    expect(of.windows["w0"]?.["B"]).toBe(BUCKET_COUNT);
    expect(byStratum.get("B")).toBe(40);
    expect(byStratum.get("o'clock")).toBe(40);
    expect(byStratum.get("A")).toBeGreaterThanOrEqual(45);
    expect(byStratum.get("A")).toBeLessThan(110);
  });

  it("say 25 strata around the end of the buckets within the limit", () => {
    const of = exposable([ring("canary"), percent(1), atLeast(100).per("stratum")], { version: "2.0.0" });
    const strata = Array.from({ length: 25 }, (_, index) => [
      `hw-rev-B/lot-2026-${index}`.replace("/", "-"),
      600_000 + index,
    ]);
    const condition = waveCondition(
      { ...of, windows: { w2: Object.fromEntries(strata) as Record<string, number> } },
      2,
    );
    expect(condition.length).toBeLessThan(MAX_CONDITION);
    expect(() => compileTargetCondition(condition)).not.toThrow();
  });

  it("never shrink by a later count: what is narrower changes nothing", () => {
    const of = {
      ...exposable([devices(100), devices(50)]),
      windows: { w0: { "*": 30_000 }, w1: { "*": 9_000 } },
    };
    expect(waveCondition(of, 1)).toBe(waveCondition(of, 0));
  });

  it("refuse to be made before their width was computed", () => {
    expect(() => waveCondition(exposable([devices(100)]), 0)).toThrow(/before its width was computed/);
  });

  it("take devices by name, a handful at a time (iot-hub-device-update#163)", () => {
    const of = exposable([named(["d-1", "d-2"])]);
    expect(targets(waveCondition(of, 0))).toEqual(new Set(["d-1", "d-2"]));
  });

  it("take a device that comes later into what is open already (hawkbit#1548)", () => {
    const of = exposable([percent(50)]);
    const { isTarget } = compileTargetCondition(waveCondition(of, 0));
    const later = Array.from({ length: 200 }, (_, index) => `later-${index}`);
    const inWave = later.filter((deviceId) => {
      world.devices.register({ deviceId, tags: { product: "thermostat" } });
      stamp(world, deviceId);
      const isIn = isTarget(world.devices.get(deviceId)) === true;
      world.devices.remove(deviceId);
      return isIn;
    });
    expect(inWave.length).toBeGreaterThan(70);
    expect(inWave.length).toBeLessThan(130);
  });
});

describe("the whole of a release", () => {
  it.each([
    { name: "where", more: { where: "tags.rollout.stratum = 'B'" }, devices: 40 },
    { name: "requires", more: { requires: "1.0.0" }, devices: 399 },
    { name: "requires of another version", more: { requires: "1.5.0" }, devices: 0 },
  ])("is bounded by its $name", ({ more, devices: count }) => {
    const of: Exposable = { release: baseRelease(more), priority: 1_010, windows: {} };
    expect(targets(waveCondition(of, 2)).size).toBe(count);
    expect(reachesEveryone(waveCondition(of, 2), "thermostat")).toBe(false);
  });

  it("keeps a device that `requires` let in while it is updated, and after", () => {
    const of: Exposable = { release: baseRelease({ requires: "1.0.0" }), priority: 1_010, windows: {} };
    const { isTarget } = compileTargetCondition(waveCondition(of, 2));
    const states = [
      { currentFwVersion: "1.0.0", pendingFwVersion: "2.0.0" },
      { currentFwVersion: "0.9.0", pendingFwVersion: "2.0.0" },
      { currentFwVersion: "2.0.0", pendingFwVersion: "" },
      { currentFwVersion: "0.9.0", pendingFwVersion: "" },
    ];
    const inside = states.map((firmware) => {
      world.devices.mergeReported("d-1", { firmware });
      return isTarget(world.devices.get("d-1")) === true;
    });
    world.devices.mergeReported("d-1", { firmware: { currentFwVersion: "1.0.0", pendingFwVersion: "" } });
    expect(inside).toEqual([true, true, true, false]);
  });

  it("reaches everyone, and says so", () => {
    const of: Exposable = { release: BASE, priority: 1_010, windows: {} };
    expect(reachesEveryone(waveCondition(of, 2), "thermostat")).toBe(true);
    expect(reachesEveryone(waveCondition(of, 1), "thermostat")).toBe(false);
    expect(reachesEveryone(waveCondition(of, 2), "therm")).toBe(false);
    expect(reachesEveryone(`(${waveCondition(of, 2)}) AND (tags.x = 1)`, "thermostat")).toBe(false);
    expect(reachesEveryone(`${waveCondition(of, 2)} AND tags.x = 1`, "thermostat")).toBe(false);
  });
});

describe("a quarantine", () => {
  it("moves nobody when it is set, and keeps the device out of what starts later", () => {
    const running: Exposable = { release: BASE, priority: 1_010, windows: {} };
    const later: Exposable = { release: { ...BASE, version: "3.0.0" }, priority: 1_020, windows: {} };
    const before = targets(waveCondition(running, 2));
    expect(targets(waveCondition(later, 2))).toEqual(before);
    world.devices.mergeTwin("d-1", { tags: { rollout: { quarantine: 1_010 } } });
    expect(targets(waveCondition(running, 2))).toEqual(before);
    expect(before.difference(targets(waveCondition(later, 2)))).toEqual(new Set(["d-1"]));
    world.devices.mergeTwin("d-1", { tags: { rollout: { quarantine: null } } });
  });
});
