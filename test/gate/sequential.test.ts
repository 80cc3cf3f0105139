import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { naiveStopChance } from "../../rollout/gate/characteristics/naive-gate.ts";
import { operatingCharacteristic } from "../../rollout/gate/characteristics/operating-characteristic.ts";
import { chanceUnseen } from "../../rollout/gate/characteristics/pass-unseen.ts";
import { binomialSf } from "../../rollout/gate/intervals/binomial.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { promoteBoundary } from "../../rollout/gate/promote-boundary.ts";
import { spendObrienFleming, spendPocock } from "../../rollout/gate/sequential/alpha-spending.ts";
import { conditionalLogRatio, conditionalShare } from "../../rollout/gate/sequential/conditional-share.ts";
import { sprtDecisionNumbers, sprtLines, sprtLogRatio } from "../../rollout/gate/sequential/sprt.ts";

const GATE = { p0: 0.01, p1: 0.05, alpha: 0.05, beta: 0.05 };

describe("Wald's test", () => {
  test.prop([fc.integer({ min: 1, max: 2_000 })])(
    "decides where its likelihood ratio reaches a limit",
    (n) => {
      const { promoteUpTo, abortFrom } = sprtDecisionNumbers({ n, ...GATE });
      const { logA, logB } = sprtLines(GATE);
      const ratio = (k: number): number => sprtLogRatio({ k, n, ...GATE });
      if (abortFrom <= n) expect(ratio(abortFrom)).toBeGreaterThanOrEqual(logA);
      if (abortFrom <= n + 1) expect(ratio(abortFrom - 1)).toBeLessThan(logA);
      if (promoteUpTo >= 0) expect(ratio(promoteUpTo)).toBeLessThanOrEqual(logB);
      expect(ratio(promoteUpTo + 1)).toBeGreaterThan(logB);
    },
  );

  it("has no lines between rates that are the same", () => {
    expect(() => sprtLines({ ...GATE, p1: 0.01 })).toThrow("p1 must be above p0");
  });
});

describe("a budget that is spent over planned looks", () => {
  test.prop([
    fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    fc.double({ min: 0.001, max: 0.2, noNaN: true }),
  ])("grows to the whole, and Pocock's way is ahead", (t, alpha) => {
    expect(spendObrienFleming({ t: 1, alpha })).toBeCloseTo(alpha, 12);
    expect(spendPocock({ t: 1, alpha })).toBeCloseTo(alpha, 12);
    expect(spendObrienFleming({ t, alpha })).toBeLessThan(spendPocock({ t, alpha }));
    expect(spendPocock({ t, alpha })).toBeLessThan(alpha);
  });
});

describe("events of treated devices against those of the others", () => {
  it("speak neither way where the share is that of the exposure", () => {
    expect(conditionalShare({ rho: 0.3, ratio: 1 })).toBeCloseTo(0.3, 15);
    const ticks = [{ rho: 0.3, eventsTreated: 3, eventsControl: 7 }];
    expect(conditionalLogRatio({ ticks, ratio: 1.2, nullRatio: 1.2 })).toBe(0);
    expect(conditionalLogRatio({ ticks, ratio: 2, nullRatio: 1 })).toBeLessThan(0);
  });
});

describe("what a gate comes to, exactly", () => {
  const gate = { ...GATE, ...priorOf({ reject: GATE.p1 }) };

  it("adds up: it aborts, promotes or stays undecided", () => {
    for (const rate of [0.002, 0.01, 0.03, 0.2]) {
      const { abort, promote, undecided } = operatingCharacteristic(gate, { rate, devices: 150 });
      expect(abort + promote + undecided).toBeCloseTo(1, 12);
    }
  });

  it("is what every order of good and bad devices comes to", () => {
    // Small enough to try all 2^14 orders; a gate so strict and a rate so high that both ends are met.
    const small = { p0: 0.1, p1: 0.5, alpha: 0.2, beta: 0.2, ...priorOf({ reject: 0.5 }) };
    const devices = 14;
    const rate = 0.3;
    const tried = { abort: 0, promote: 0, meanDevices: 0 };
    for (let order = 0; order < 2 ** devices; order++) {
      let k = 0;
      let n = 0;
      let decided: "abort" | "promote" | undefined;
      let chance = 1;
      for (let device = 0; device < devices; device++) {
        const isBad = (order >> device) % 2 === 1;
        chance *= isBad ? rate : 1 - rate;
        if (decided !== undefined) continue;
        n++;
        if (isBad) k++;
        if (k >= abortBoundary({ n, ...small })) decided = "abort";
        else if (k <= promoteBoundary({ n, ...small })) decided = "promote";
      }
      if (decided !== undefined) tried[decided] += chance;
      tried.meanDevices += n * chance;
    }
    expect(operatingCharacteristic(small, { rate, devices })).toMatchObject({
      abort: expect.closeTo(tried.abort, 12) as number,
      promote: expect.closeTo(tried.promote, 12) as number,
      meanDevices: expect.closeTo(tried.meanDevices, 10) as number,
    });
    expect(Math.min(tried.abort, tried.promote)).toBeGreaterThan(0.1);
  });

  it("of a fixed rule that looks once is the tail of a binomial", () => {
    const once = naiveStopChance({ threshold: 0.05, minFinished: 100 }, { rate: 0.02, devices: 100 });
    expect(once).toBeCloseTo(binomialSf({ k: 5, n: 100, p: 0.02 }), 14);
  });

  it("of a wave of 5 devices: 10% bad pass unseen with a chance of 59%", () => {
    expect(chanceUnseen({ n: 5, p: 0.1 })).toBeCloseTo(0.59049, 12);
  });
});
