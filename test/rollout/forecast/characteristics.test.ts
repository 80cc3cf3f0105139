import { describe, expect, it } from "vitest";
import reference from "../../fixtures/stats-reference.json" with { type: "json" };
import { exactCharacteristics, rateDetected } from "../../../rollout/forecast/exact-characteristics.ts";
import { exposureOfStrata, powerOfWaves } from "../../../rollout/forecast/wave-power.ts";
import { aRollout } from "./a-rollout.ts";

const everyDevice = (devices: number): number[] => Array.from({ length: devices }, (_, index) => index + 1);

describe("exact characteristics", () => {
  it("are those of the reference when the gate looks after every device", () => {
    const entries = reference.entries.filter(({ fn }) => fn === "gateOC");
    expect(entries.length).toBeGreaterThan(0);
    for (const { args, value } of entries) {
      // The fixture's entries of this function have these arguments.
      const { p, N, p0, alpha, p1, beta } = args as unknown as Record<string, number>;
      const gate = { tolerate: p0!, reject: p1!, abortAt: 1 / alpha!, promoteAt: 1 / beta! };
      const found = exactCharacteristics(gate, { rate: p!, looks: everyDevice(N!) });
      const [abort, promote, undecided, meanDevices] = value as number[];
      expect(found.abort).toBeCloseTo(abort!, 9);
      expect(found.promote).toBeCloseTo(promote!, 9);
      expect(found.undecided).toBeCloseTo(undecided!, 9);
      expect(found.meanDevices / meanDevices!).toBeCloseTo(1, 9);
    }
  });

  it("stop less often with fewer looks, and in one look as often as the binomial law says", () => {
    const gate = { tolerate: 0.02, reject: 0.1, abortAt: 80, promoteAt: Infinity };
    const at = (looks: readonly number[]): number => exactCharacteristics(gate, { rate: 0.08, looks }).abort;
    const [every, some, one] = [at(everyDevice(100)), at([25, 50, 75, 100]), at([100])];
    expect(every).toBeGreaterThan(some);
    expect(some).toBeGreaterThan(one);
    // 9 of 100 stop at evidence 80 [docs/gates.md].
    let [chance, less] = [0.92 ** 100, 0];
    for (let k = 0; k < 9; k++) {
      less += chance;
      chance *= ((100 - k) / (k + 1)) * (0.08 / 0.92);
    }
    expect(one).toBeCloseTo(1 - less, 10);
    expect(() => at([50, 50])).toThrow("looks must rise: 50 after 50");
  });

  it("find the smallest rate that a wave notices; none where all its devices failing would not", () => {
    const gate = { tolerate: 0.01, reject: 0.05, abortAt: 20 };
    const rate = rateDetected(gate, { devices: 100, chance: 0.8 })!;
    const power = (at: number): number =>
      exactCharacteristics({ ...gate, promoteAt: Infinity }, { rate: at, looks: everyDevice(100) }).abort;
    expect(power(rate)).toBeGreaterThanOrEqual(0.8);
    expect(power(rate / 1.02)).toBeLessThan(0.8);
    expect(rateDetected({ ...gate, abortAt: 1e9 }, { devices: 2, chance: 0.8 })).toBeUndefined();
  });
});

describe("what waves can tell", () => {
  it("is said of the stratum that knows least and the one that knows most", () => {
    const power = powerOfWaves(aRollout(), 0.98);
    expect(power.map(({ wave, stratum, devices }) => [wave, stratum, devices])).toEqual([
      ["2%", "B", 10],
      ["2%", "A", 29],
      ["25%", "B", 123],
      ["25%", "A", 368],
      ["100%", "B", 490],
      ["100%", "A", 1470],
    ]);
    const unseen = power.map((one) => one.unseen["10%"]);
    expect(unseen[0]).toBeGreaterThan(0.7);
    expect(unseen.at(-1)).toBeLessThan(1e-6);
    expect(power.every(({ detects80, detects95 }) => detects80! < detects95!)).toBe(true);
  });

  it("is short where a stratum is heard of late", () => {
    expect(exposureOfStrata(aRollout({ devices: 400 }), 0.98)).toEqual([
      { stratum: "A", devices: 300, provesFrom: "25%", lastWaveShare: 0.75 },
      { stratum: "B", devices: 100, provesFrom: "100%", lastWaveShare: 0.75 },
    ]);
  });
});
