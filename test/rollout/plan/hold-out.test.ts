import { describe, expect, it } from "vitest";
import { BUCKET_COUNT } from "../../../rollout/model/bucket.ts";
import { parseRelease, type Release } from "../../../rollout/model/release.ts";
import { holdOutWindow, releaseStart } from "../../../rollout/plan/bucket-window.ts";
import { hasControl, holdOutProblems } from "../../../rollout/plan/hold-out.ts";
import type { SizedRelease } from "../../../rollout/plan/product-plan.ts";
import { reachOfPart, reachOfWave } from "../../../rollout/plan/reach.ts";
import { atLeast, devices, percent, ring, type ReleaseDeclaration } from "../../../rollout/wavegate.ts";
import { aRelease } from "../../support/declarations.ts";

function aReleaseWith(
  waves: ReleaseDeclaration["waves"],
  holdOut: `${number}%` = "2%",
  version = "1.1.0",
): Release {
  const { release, problems } = parseRelease(aRelease(version, { waves, holdOut }), "r.ts");
  if (release === undefined) throw new Error(JSON.stringify(problems));
  return release;
}

const WIDE = aReleaseWith([
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "counted", cohort: devices(990), kind: "smoke" },
  { name: "strata", cohort: atLeast(500).per("stratum"), kind: "smoke" },
  { name: "most", cohort: percent(99), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke", pace: { parts: 10, every: "1 hour" } },
]);
const WINDOWS = { counted: { "*": 995_000 }, strata: { A: 400_000, B: 1_000_000 } };
const OF = { release: WIDE, priority: 1_000, windows: WINDOWS };

describe("a hold-out", () => {
  it("is the last buckets of the release's own rotation, whichever they are", () => {
    for (let patch = 0; patch < 200; patch++) {
      const release = { product: "thermostat", version: `1.0.${patch}`, holdOut: 0.02 };
      const { from, to } = holdOutWindow(release) ?? { from: NaN, to: NaN };
      expect((to - from + BUCKET_COUNT) % BUCKET_COUNT).toBe(20_000);
      expect(to % BUCKET_COUNT).toBe(releaseStart(release));
    }
    expect(holdOutWindow({ product: "thermostat", version: "1.0.0" })).toBeUndefined();
  });

  it("is reached by no window of any wave but the last, whatever was counted", () => {
    for (let wave = 0; wave < 4; wave++) {
      const { whole, strata } = reachOfWave(OF, wave);
      expect(Math.max(whole, ...Object.values(strata))).toBeLessThanOrEqual(980_000);
      expect(hasControl({ ...OF, wave, part: 1 })).toBe(true);
    }
    expect(reachOfWave(OF, 4).whole).toBe(BUCKET_COUNT);
    expect(hasControl({ ...OF, wave: 4, part: 10 })).toBe(false);
  });

  it("is gone with the first part of the last wave that reaches into it", () => {
    const paced = aReleaseWith([
      { name: "half", cohort: percent(50), kind: "smoke" },
      { name: "everyone", cohort: percent(100), kind: "smoke", pace: { parts: 10, every: "1 hour" } },
    ]);
    const of = { release: paced, priority: 1_000, windows: {} };
    const controls = Array.from({ length: 10 }, (_, index) =>
      hasControl({ ...of, wave: 1, part: index + 1 }),
    );
    expect(controls).toEqual([true, true, true, true, true, true, true, true, true, false]);
    expect(reachOfPart(of, 1, 9).whole).toBe(950_000);
  });

  it("is a problem of the waves that would have reached into it, with the numbers", () => {
    // Of a planned release only these are looked at.
    const planned = { release: WIDE, file: "r.ts", windows: WINDOWS } as unknown as SizedRelease;
    expect(holdOutProblems(planned).map(({ code, path, summary }) => [code, path, summary])).toEqual(
      [
        ["counted", "99.5%"],
        ["strata", "100%"],
        ["most", "99%"],
      ].map(([wave = "", share = ""]) => [
        "HOLD_OUT_REACHED",
        `r.ts: waves: ${wave}`,
        `it takes ${share} of the buckets; with a hold-out of 2% no wave but the last may take more than 98%`,
      ]),
    );
  });

  it("needs a wave before the one that ends it", () => {
    const waves = [{ name: "everyone", cohort: percent(100) }];
    const { problems } = parseRelease(aRelease("1.1.0", { waves, holdOut: "2%" }), "r.ts");
    expect(problems).toMatchObject([{ path: "r.ts: holdOut" }]);
  });
});
