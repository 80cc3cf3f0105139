import { describe, expect, it } from "vitest";
import { assessWave } from "../../rollout/gate/assess.ts";
import { operatingCharacteristic } from "../../rollout/gate/characteristics/operating-characteristic.ts";
import { countsOf } from "../../rollout/gate/counts.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { thresholds } from "../../rollout/gate/thresholds.ts";
import type { Look, Tally } from "../../rollout/model/look.ts";
import { aWave, GATE, HOUR } from "./a-wave.ts";

describe("the promise, exactly, of a gate that is looked at after every device", () => {
  it.each([
    [0.01, 0.05, 0.05, 0.05],
    [0.02, 0.1, 0.0125, 0.05],
    [0.02, 0.1, 0.00625, 0.05],
    [0.05, 0.2, 0.1, 0.1],
  ])("p0 = %d, p1 = %d, alpha = %d, beta = %d", (p0, p1, alpha, beta) => {
    const gate = { p0, p1, alpha, beta, ...priorOf({ reject: p1 }) };
    const good = operatingCharacteristic(gate, { rate: p0, devices: 600 });
    const bad = operatingCharacteristic(gate, { rate: p1, devices: 600 });
    expect(good.abort).toBeLessThanOrEqual(alpha);
    expect(bad.promote).toBeLessThanOrEqual(beta);
    // And it is no empty one: it decides.
    expect(good.promote).toBeGreaterThan(0.85);
    expect(bad.abort).toBeGreaterThan(0.85);
  });
});

/** Looks are hours apart; the last finds every deadline passed. */
const LOOK_EVERY = 2;
const HOURS = 24 + 48 + 1 + LOOK_EVERY;
const DEVICES = 150;
const RUNS = 200;
/** Three standard errors of a share of 5% in that many runs. */
const MARGIN = 3 * Math.sqrt((0.05 * 0.95) / RUNS);

/** What the fleet's devices do: contact within a day; failures report within the hour, successes after eight, half of the bad ones never. */
describe(`the promise, simulated: ${RUNS} rollouts (seed 20) on the code that counts and judges, a look every ${LOOK_EVERY} hours`, () => {
  const run = (rates: Readonly<Record<string, number>>): Shares => {
    const chance = randomFrom(20);
    const runs = Array.from({ length: RUNS }, () => rollOut(rates, chance));
    const share = (of: keyof Shares): number => runs.filter((outcome) => outcome[of]).length / RUNS;
    return { stopped: share("stopped"), promoted: share("promoted"), naive: share("naive") };
  };

  it("stops a release that fails as often as tolerated no more often than promised", () => {
    const { stopped, naive } = run({ A: GATE.tolerate, B: GATE.tolerate });
    expect(stopped).toBeLessThanOrEqual(GATE.falseStop + MARGIN);
    // The same looks, judged by "more than 5% of at least 20 finished": this fleet is not an easy one.
    expect(naive).toBeGreaterThan(4 * GATE.falseStop);
  });

  it("lets a release pass that must not ship no more often than promised", () => {
    expect(run({ A: GATE.reject }).promoted).toBeLessThanOrEqual(GATE.missedBad + MARGIN);
  });

  it("lets a good release pass, and stops one that is bad in one stratum alone", () => {
    expect(run({ A: 0.001, B: 0.001 }).promoted).toBeGreaterThan(0.95);
    expect(run({ A: 0.001, B: 0.25 }).stopped).toBeGreaterThan(0.95);
  });
});

type Shares = Record<"stopped" | "promoted" | "naive", number>;

/** One rollout of one evidence wave, judged at every look to the end: promoted or not, it may still be stopped. */
function rollOut(
  rates: Readonly<Record<string, number>>,
  chance: () => number,
): Readonly<Record<keyof Shares, boolean>> {
  const strata = Object.keys(rates);
  const fleet = Object.fromEntries(strata.map((stratum) => [stratum, devicesOf(rates[stratum]!, chance)]));
  const looks: Look[] = [];
  let [stopped, promoted, naive] = [false, false, false];
  for (let hour = 0; hour <= HOURS; hour += LOOK_EVERY) {
    const all = Object.fromEntries(strata.map((stratum) => [stratum, tallyAt(fleet[stratum]!, hour)]));
    looks.push({ at: hour * HOUR, wave: 0, views: { all, wave: all }, answered: 0 });
    const finished = Object.values(all).reduce((sum, { ok, failed }) => sum + ok + failed, 0);
    const failures = Object.values(all).reduce((sum, { failed }) => sum + failed, 0);
    naive ||= finished >= 20 && failures / finished > 0.05;
    if (stopped) continue;
    // Covered and baked from the start: nothing but the evidence holds it back.
    const { kind } = assessWave(
      aWave({
        strata,
        counts: countsOf({ looks, deadlineMs: GATE.deadlineMs, queryLagMs: HOUR }),
        thresholds: thresholds({ ...GATE, strata: strata.length, evidenceWaves: 1 }),
        wave: { name: "all", kind: "evidence", bakeMs: 0 },
        bakedSinceMs: 0,
        nowMs: hour * HOUR,
      }),
    );
    stopped = kind === "abort";
    promoted ||= kind === "promote";
  }
  return { stopped, promoted, naive };
}

interface Device {
  readonly contact: number;
  readonly outcome: "ok" | "failed" | "silent";
}

function devicesOf(rate: number, chance: () => number): readonly Device[] {
  return Array.from({ length: DEVICES }, () => {
    const bad = chance() < rate;
    const silent = chance() < 0.5;
    return { contact: chance() * 24, outcome: bad ? (silent ? "silent" : "failed") : "ok" };
  });
}

function tallyAt(devices: readonly Device[], hour: number): Tally {
  const tally = { ok: 0, failed: 0, contacted: 0 };
  for (const { contact, outcome } of devices) {
    if (contact > hour) continue;
    if (outcome === "ok" && contact + 8 <= hour) tally.ok++;
    else if (outcome === "failed" && contact + 1 <= hour) tally.failed++;
    else tally.contacted++;
  }
  return tally;
}

/** Chances in 0..1 from a seed: mulberry32, a 32-bit generator that passes for a simulation of this size. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
