import { describe, expect, it } from "vitest";
import { rollOut } from "../../bench/promises/roll-out.ts";
import { chancesOf, sample } from "../../bench/promises/sample.ts";
import { BAD, drawDevices, GATE, GOOD } from "../../bench/promises/scenario.ts";

/** More of them with SOAK; the figures of the documents take a thousand: npm run bench -- promises. */
const RUNS = 20 * Number(process.env["SOAK"] ?? 1);
const SEED = 1;

describe(`both promises, device by device: ${RUNS} rollouts (seed ${SEED}), five waves, four strata, a look every five minutes`, () => {
  it("stops a release that fails exactly as often as tolerated no more often than promised", () => {
    const { stopped, completed } = sample(GOOD, { name: "good", runs: RUNS, seed: SEED });
    expect(stopped.share - 3 * stopped.error).toBeLessThanOrEqual(GATE.falseStop);
    // And it is no empty one: most of them reach everyone.
    expect(completed.share).toBeGreaterThan(0.5);
  });

  it("lets a release on that fails in one stratum exactly as often as must not ship no more often than promised", () => {
    const { passed, stopped } = sample(BAD, { name: "bad", runs: 3 * RUNS, seed: SEED });
    expect(passed.share - 3 * passed.error).toBeLessThanOrEqual(GATE.missedBad);
    expect(stopped.share).toBeGreaterThan(0.8);
  });

  it("promises nothing of devices that forget their failure: a bad release passes far more often", () => {
    const runs = 3 * RUNS;
    const latched = sample(BAD, { name: "bad", runs, seed: SEED });
    const forgetful = sample({ ...BAD, latches: false }, { name: "forgetful", runs, seed: SEED });
    expect(forgetful.passed.share - 2 * forgetful.passed.error).toBeGreaterThan(latched.passed.share);
  });
});

describe("a simulated rollout", () => {
  it("is the same again from the same seed, and another from another", () => {
    const devices = (text: string): ReturnType<typeof drawDevices> => drawDevices(GOOD, chancesOf(text));
    expect(devices("1")).toEqual(devices("1"));
    expect(devices("1")).not.toEqual(devices("2"));
    expect(rollOut(devices("1"))).toEqual(rollOut(devices("1")));
  });

  it("ends the same when it is judged at every look that found a change", () => {
    const small = { ...GOOD, devicesPerStratum: 150 };
    for (const scenario of [small, { ...small, rates: { A: 0.2, B: 0.05 } }, { ...small, latches: false }])
      for (const run of [0, 1]) {
        const devices = drawDevices(scenario, chancesOf(`every look ${run}`));
        const { judged, ...end } = rollOut(devices);
        const { judged: atEveryLook, ...same } = rollOut(devices, { everyLook: true });
        expect(end).toEqual(same);
        expect(judged).toBeLessThan(atEveryLook / 2);
      }
  });
});
