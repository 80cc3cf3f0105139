import { describe, expect, it } from "vitest";
import { BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import { parseRelease } from "../../../rollout/model/release.ts";
import { reachOfPart, reachOfWave, type Exposable } from "../../../rollout/plan/reach.ts";
import { atLeast, percent, ring, where } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

const PACE = { parts: 4, every: "1 hour" } as const;

function exposable(): Exposable {
  const waves = [
    { name: "canary", cohort: ring("canary"), kind: "smoke" as const, pace: PACE },
    { name: "10%", cohort: percent(10), kind: "smoke" as const },
    { name: "strata", cohort: atLeast(100).per("stratum"), kind: "smoke" as const, pace: PACE },
    { name: "lab", cohort: where("tags.site = 'lab'"), kind: "smoke" as const, pace: PACE },
    { name: "everyone", cohort: percent(100), kind: "smoke" as const, pace: PACE },
  ];
  const { release } = parseRelease(aRelease("2.0.0", { waves }), "r.ts");
  if (release === undefined) throw new Error("the builder's release is wrong");
  return { release, priority: 1_010, windows: { strata: { A: 50_000, B: 500_000, C: BUCKET_COUNT } } };
}

describe("the reach of a wave", () => {
  it("says each cohort once, and of windows only those that are wider than the one over all", () => {
    expect(reachOfWave(exposable(), 2)).toEqual({
      cohorts: [{ cohort: ring("canary"), width: BUCKET_COUNT }],
      whole: 100_000,
      strata: { B: 500_000, C: BUCKET_COUNT },
    });
    expect(reachOfWave(exposable(), 4)).toMatchObject({ whole: BUCKET_COUNT, strata: {} });
  });

  it("holds strata and waves that are called like parts of an object", () => {
    const of = exposable();
    const waves = of.release.waves.map((wave) =>
      wave.name === "strata" ? { ...wave, name: "constructor" } : wave,
    );
    const odd = { ...of, release: { ...of.release, waves } };
    const windows = { constructor: { constructor: 500_000 } };
    expect(reachOfWave({ ...odd, windows }, 2).strata).toEqual({ constructor: 500_000 });
    expect(() => reachOfWave({ ...odd, windows: {} }, 2)).toThrow("before its width was computed");
  });
});

describe("the reach of a part of a wave", () => {
  it.each([
    ["a window grows by equal widths", 4, [325_000, 550_000, 775_000, BUCKET_COUNT], "whole"],
    ["a stratum's window grows from the one over all", 2, [200_000, 300_000, 400_000, 500_000], "B"],
    ["another's does so too", 2, [325_000, 550_000, 775_000, BUCKET_COUNT], "C"],
    ["a ring is paced over the buckets inside it", 0, [250_000, 500_000, 750_000, BUCKET_COUNT], "ring"],
    ["a condition as well", 3, [250_000, 500_000, 750_000, BUCKET_COUNT], "where"],
  ] as const)("%s", (_, wave, widths, what) => {
    const found = [1, 2, 3, 4].map((part) => {
      const { whole, strata, cohorts } = reachOfPart(exposable(), wave, part);
      if (what === "whole") return whole;
      if (what === "ring" || what === "where")
        return cohorts.find(({ cohort }) => cohort.kind === what)?.width;
      return strata[what];
    });
    expect(found).toEqual(widths);
  });

  it("keeps everyone of the wave before from the first part on", () => {
    const { cohorts, whole, strata } = reachOfPart(exposable(), 4, 1);
    expect(cohorts.map(({ width }) => width)).toEqual([BUCKET_COUNT, BUCKET_COUNT]);
    expect(whole).toBe(325_000);
    // B would have been passed by the window over all only in the second part.
    expect(strata).toEqual({ B: 625_000, C: BUCKET_COUNT });
  });

  it("is the whole wave where there is no pace", () => {
    expect(reachOfPart(exposable(), 1, 1)).toEqual(reachOfWave(exposable(), 1));
  });
});
