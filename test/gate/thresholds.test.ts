import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { thresholds } from "../../rollout/gate/thresholds.ts";

describe("splitting the budget", () => {
  const budget = { falseStop: 0.05, missedBad: 0.05 };

  it.each([
    [1, 1, { cumulative: 40, wave: 40, promote: 20 }],
    [2, 2, { cumulative: 80, wave: 160, promote: 20 }],
    [3, 4, { cumulative: 120, wave: 480, promote: 20 }],
  ])("gives %d strata and %d evidence waves their thresholds", (strata, evidenceWaves, expected) => {
    expect(thresholds({ ...budget, strata, evidenceWaves })).toEqual(expected);
  });

  it("keeps half of it unspent when no wave is an evidence wave", () => {
    expect(thresholds({ ...budget, strata: 2, evidenceWaves: 0 }).cumulative).toBe(80);
  });

  const chance = fc.double({ min: 0.001, max: 0.499, noNaN: true });
  test.prop([chance, chance, fc.integer({ min: 1, max: 25 }), fc.nat(20)])(
    "spends no more than there is",
    (falseStop, missedBad, strata, evidenceWaves) => {
      const { cumulative, wave, promote } = thresholds({ falseStop, missedBad, strata, evidenceWaves });
      const spent = strata / cumulative + (strata * evidenceWaves) / wave;
      expect(spent).toBeLessThanOrEqual(falseStop * (1 + 1e-12));
      expect(1 / promote).toBeCloseTo(missedBad, 12);
    },
  );

  it.each([
    ["falseStop", { falseStop: 0 }],
    ["missedBad", { missedBad: Number.NaN }],
    ["strata", { strata: 0 }],
    ["evidenceWaves", { evidenceWaves: 1.5 }],
  ])("refuses a bad %s by name", (name, changed) => {
    const input = { ...budget, strata: 2, evidenceWaves: 2, ...changed };
    expect(() => thresholds(input)).toThrow(new RegExp(`^${name} must be`));
  });
});
