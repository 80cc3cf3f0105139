import { describe, expect, it } from "vitest";
import { exactCharacteristics } from "../../../rollout/forecast/exact-characteristics.ts";
import { gateRule } from "../../../rollout/forecast/gate-rule.ts";
import { rolloutPlayer } from "../../../rollout/forecast/play-rollout.ts";
import { nextChance, streamOf } from "../../../rollout/forecast/random/stream.ts";
import type { RolloutModel } from "../../../rollout/forecast/rollout-model.ts";
import { createRunner, joinedTables } from "../../../rollout/forecast/run-table.ts";
import { everywhere, type DefectRates } from "../../../rollout/forecast/truth.ts";
import { aRollout, aWave, HOUR, MINUTE, QUICK_LAWS } from "./a-rollout.ts";
import { playDeviceByDevice } from "./device-by-device.ts";

const SOAK = Number(process.env["SOAK"] ?? 1);
const SEED = 11;

const WAVES_IN_PARTS = [
  aWave(0.02, { kind: "smoke" }),
  aWave(0.25, { pace: { parts: 3, everyMs: 2 * HOUR } }),
  aWave(1, { kind: "timed" }),
];

describe(`rollouts in aggregate (seed ${SEED}), against ${40 * SOAK} played device by device on the gate's own code`, () => {
  it.each<readonly [string, RolloutModel, Partial<DefectRates>]>([
    ["a good release", aRollout(), { reported: 0.005 }],
    ["a release at the edge", aRollout(), { reported: 0.06 }],
    ["a bad one", aRollout(), { reported: 0.2 }],
    ["silent devices", aRollout(), { silent: 0.06 }],
    ["a late defect", aRollout(), { late: 0.08 }],
    ["a query lag", aRollout({ timing: { queryLagMs: 40 * MINUTE } }), { reported: 0.05, silent: 0.01 }],
    ["waves in parts, a timed one", aRollout({ waves: WAVES_IN_PARTS }), { reported: 0.05 }],
    [
      "short patience",
      aRollout({ waves: [aWave(0.05), aWave(1)], gate: { patienceMs: 20 * HOUR } }),
      { reported: 0.03 },
    ],
    ["a harm cap", aRollout({ gate: { harmCap: 12 } }), { reported: 0.01 }],
    [
      "a deadline that good devices miss",
      aRollout({
        gate: { deadlineMs: 1.8 * HOUR },
        laws: { ...QUICK_LAWS, success: [{ withinMs: 2 * HOUR, share: 1 }] },
      }),
      { reported: 0.01 },
    ],
  ])("%s comes out the same: stopped, stuck, harmed, how long", (_, model, rates) => {
    const truth = { name: "", rates: everywhere(2, rates) };
    const random = streamOf(SEED, 1);
    const slow = Array.from({ length: 40 * SOAK }, () =>
      playDeviceByDevice(model, truth, () => nextChance(random)),
    );
    const play = rolloutPlayer(model, gateRule);
    const fast = Array.from({ length: 1_000 * SOAK }, (__, replication) => {
      const { end, harmed, looks } = play(truth, { seed: SEED, scenario: 1, replication });
      return { end, harmed, looks };
    });
    type Run = (typeof fast)[number];
    const numbers: Readonly<Record<string, (run: Run) => number>> = {
      stopped: ({ end }) => (end === "stopped" ? 1 : 0),
      stuck: ({ end }) => (end === "stuck" ? 1 : 0),
      harmed: ({ harmed }) => harmed,
      looks: ({ looks }) => looks,
    };
    for (const [name, of] of Object.entries(numbers)) {
      const [one, other] = [meanOf(slow.map(of)), meanOf(fast.map(of))];
      const noise = Math.hypot(one.error, other.error);
      // A few rollouts of the rarer kind may be missing from the small sample altogether.
      const rare = 4 / slow.length;
      expect(Math.abs(one.mean - other.mean), `${name}: ${one.mean} and ${other.mean}`).toBeLessThanOrEqual(
        3.9 * noise + (name === "harmed" || name === "looks" ? 0.02 * other.mean : rare),
      );
    }
    // The median of the slow ones lies among the middle of the fast ones, by the law of order statistics.
    const harmed = fast.map(numbers["harmed"]!).toSorted((a, b) => a - b);
    const middle = slow.map(numbers["harmed"]!).toSorted((a, b) => a - b)[Math.floor(slow.length / 2)]!;
    const margin = (3.9 * 0.5) / Math.sqrt(slow.length);
    expect(middle).toBeGreaterThanOrEqual(harmed[Math.floor(harmed.length * (0.5 - margin))]! - 1);
    expect(middle).toBeLessThanOrEqual(harmed[Math.ceil(harmed.length * (0.5 + margin))]! + 1);
  });
});

describe(`rollouts in aggregate (seed ${SEED}), against the exact chances`, () => {
  it("stop and promote as often as dynamic programming says, without delays and in one stratum", () => {
    const base = aRollout({ waves: [aWave(1)], devices: 120, watchMs: 0 });
    const model: RolloutModel = {
      ...base,
      strata: ["all"],
      devices: [120],
      added: [[120]],
      laws: {
        ...QUICK_LAWS,
        contact: [{ name: "all", share: 1, perHour: 1 - 1e-12 }],
        success: [{ withinMs: 1, share: 1 }],
        failure: [{ withinMs: 1, share: 1 }],
      },
      timing: { ...base.timing, lookMs: HOUR, evaluationMs: 0 },
    };
    const rate = 0.045;
    // Everyone makes contact and reports by the first look; it stops there, or at the end of the bake it is proven or not.
    const gate = { tolerate: 0.02, reject: 0.1, abortAt: 40, promoteAt: 20 };
    const exact = exactCharacteristics(gate, { rate, looks: [120] });
    const play = rolloutPlayer(model, gateRule);
    const runs = 6_000;
    const ends = Array.from({ length: runs }, (_, replication) =>
      play({ name: "", rates: everywhere(1, { reported: rate }) }, { seed: SEED, scenario: 2, replication }),
    ).map(({ end }) => end);
    for (const [end, chance] of [
      ["stopped", exact.abort],
      ["settled", exact.promote],
      ["stuck", exact.undecided],
    ] as const) {
      const share = ends.filter((one) => one === end).length / runs;
      expect(chance).toBeGreaterThan(0.03);
      expect(Math.abs(share - chance), end).toBeLessThan(3.5 * Math.sqrt((chance * (1 - chance)) / runs));
    }
  });
});

describe("a table of rollouts", () => {
  const truth = { name: "", rates: everywhere(2, { reported: 0.02, silent: 0.01, late: 0.01 }) };
  const model = aRollout({ timing: { contactsPerHour: 300 } });

  it("is the same whoever plays which part of it, and another for another seed", () => {
    const range = { seed: SEED, scenario: 7 };
    const whole = createRunner(model, gateRule)(truth, { ...range, from: 0, to: 60 });
    const other = createRunner(model, gateRule);
    // In another order, after other rollouts.
    const late = other(truth, { ...range, from: 25, to: 60 });
    const early = createRunner(model, gateRule)(truth, { ...range, from: 0, to: 25 });
    expect(joinedTables([early, late])).toEqual(whole);
    expect(other(truth, { ...range, seed: SEED + 1, from: 0, to: 60 })).not.toEqual(whole);
  });

  it("knows its wave however many there are", () => {
    const waves = Array.from({ length: 300 }, () => aWave(1, { kind: "timed", bakeMs: 0 }));
    const good = { name: "", rates: everywhere(2, {}) };
    const run = createRunner(aRollout({ devices: 20, waves }), gateRule);
    const { end, wave } = run(good, { seed: SEED, scenario: 8, from: 0, to: 1 });
    expect([end[0], wave[0]]).toEqual([0, 300]);
  });

  it("accounts for every look of a rollout in one phase of one wave", () => {
    const { runs, looks, looksByPhase } = createRunner(model, gateRule)(truth, {
      seed: SEED,
      scenario: 7,
      from: 0,
      to: 60,
    });
    const cells = looksByPhase.length / runs;
    for (let run = 0; run < runs; run++)
      expect(looksByPhase.slice(run * cells, (run + 1) * cells).reduce((sum, count) => sum + count, 0)).toBe(
        looks[run],
      );
  });
});

describe("what slows and what correlates", () => {
  it("a throttle spreads the contacts, and so harms fewer devices before the stop", () => {
    const truth = { name: "", rates: everywhere(2, { reported: 0.3 }) };
    const harmedAt = (contactsPerHour: number): number => {
      const waves = [aWave(1)];
      const run = createRunner(aRollout({ waves, devices: 20_000, timing: { contactsPerHour } }), gateRule);
      return (
        run(truth, { seed: SEED, scenario: 3, from: 0, to: 40 }).harmed.reduce(
          (sum, count) => sum + count,
          0,
        ) / 40
      );
    };
    const throttled = harmedAt(400);
    // 30% of the 200 devices that a look lets through, or of those of two looks, and of 33 more until the stop takes effect.
    expect(throttled).toBeGreaterThan(60);
    expect(throttled).toBeLessThan(130);
    expect(harmedAt(Infinity)).toBeGreaterThan(20 * throttled);
  });

  it("sites that fail together stop a release at the tolerated rate oftener than devices for themselves", () => {
    const run = createRunner(aRollout({ devices: 8_000 }), gateRule);
    const rates = everywhere(2, { reported: 0.02 });
    const stopped = (correlated?: { readonly icc: number; readonly sites: number }): number => {
      const truth = { name: "", rates, ...(correlated === undefined ? {} : { correlated }) };
      const { end } = run(truth, { seed: SEED, scenario: 4, from: 0, to: 400 });
      return end.filter((one) => one === 1).length / 400;
    };
    expect(stopped()).toBeLessThanOrEqual(0.05);
    expect(stopped({ icc: 0.2, sites: 10 })).toBeGreaterThan(0.2);
  });
});

function meanOf(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
