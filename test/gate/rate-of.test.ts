import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { assessWave } from "../../rollout/gate/assess.ts";
import { mostBadInFleet } from "../../rollout/gate/intervals/hypergeometric.ts";
import { formatRate, rateOf } from "../../rollout/gate/rate-of.ts";
import type { Rate } from "../../rollout/model/verdict.ts";
import { aWave, counted, devices, GATE } from "./a-wave.ts";

const RATES = { confidence: 0.95, population: {} };

describe("a failure rate beside the evidence", () => {
  it("is the published one: 480 devices, 3 failed, 2 silent, 6 more without an outcome", () => {
    const counts = devices(480, { failed: 3, silent: 2, unresolved: 8 });
    const { rate } = rateOf([counts], { gate: { ...GATE, reject: 0.05 }, rates: RATES });
    expect(rate?.lower).toBeCloseTo(0.0018, 4);
    expect(rate?.upper).toBeCloseTo(0.0498, 4);
    expect(formatRate(rate!)).toBe("rate 0.18%–4.98%, 95%, valid at any time");
  });

  test.prop([
    fc.integer({ min: 1, max: 400 }),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 20 }),
  ])("only narrows when a late outcome comes in, whichever it is", (ok, failed, unresolved) => {
    const n = ok + failed + unresolved + 1;
    const rate = (bad: Parameters<typeof devices>[1]): Rate =>
      rateOf([devices(n, bad)], { gate: GATE, rates: RATES }).rate!;
    const before = rate({ failed, unresolved: unresolved + 1 });
    for (const after of [rate({ failed: failed + 1, unresolved }), rate({ failed, unresolved })]) {
      expect(after.lower).toBeGreaterThanOrEqual(before.lower);
      expect(after.upper).toBeLessThanOrEqual(before.upper);
    }
  });

  it("is in every reason that counts devices, whatever the verdict", () => {
    const cases = [
      { A: devices(57), B: devices(57) },
      { A: devices(57), B: devices(15, { failed: 5 }) },
      { A: devices(57), B: devices(20, { unresolved: 20 }) },
    ].flatMap((counts) => [
      aWave({ counts: counted(counts), rates: RATES }),
      aWave({ counts: counted(counts), rates: RATES, gate: { ...GATE, harmCap: 1 } }),
      aWave({ counts: counted(counts), rates: RATES, wave: { name: "w", kind: "smoke", bakeMs: 0 } }),
      aWave({ counts: counted(counts), rates: RATES, wave: { name: "w", kind: "timed", bakeMs: 0 } }),
    ]);
    for (const input of cases)
      for (const { k, n, rate } of assessWave(input).reasons) {
        if (n === undefined || k === undefined) continue;
        expect(rate?.lower).toBeLessThanOrEqual(k / n);
        expect(rate?.upper).toBeGreaterThanOrEqual(k / n);
      }
  });

  it("is told of nobody, and not at all without a level", () => {
    expect(rateOf([], { gate: GATE, rates: RATES })).toEqual({});
    expect(rateOf([devices(5)], { gate: GATE })).toEqual({});
    expect(assessWave(aWave()).reasons.some(({ rate }) => rate !== undefined)).toBe(false);
  });

  it("of a small stratum has the exact bound of all its devices beside it", () => {
    const told = (population: Readonly<Record<string, number>>, n = 25): Rate | undefined =>
      rateOf([devices(n)], { gate: GATE, rates: { ...RATES, population } }, "A").rate;
    expect(told({ A: 50 })?.ofAll).toEqual({ devices: 50, mostBad: 4 });
    expect(formatRate(told({ A: 50 })!)).toContain("(at one look: at most 4 of all 50 bad)");
    expect(mostBadInFleet({ k: 0, sampled: 25, fleet: 50, alpha: 0.05 })).toBe(4);
    // Many devices, an unknown number of them, or more than there were at the start.
    expect(told({ A: 500 })?.ofAll).toBeUndefined();
    expect(told({ B: 50 })?.ofAll).toBeUndefined();
    expect(told({ A: 20 })?.ofAll).toBeUndefined();
    expect(told({ A: 25 })?.ofAll).toEqual({ devices: 25, mostBad: 0 });
  });
});
