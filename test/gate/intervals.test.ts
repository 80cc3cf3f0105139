import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { betaCdf } from "../../rollout/gate/beta-tails.ts";
import { betaQuantile } from "../../rollout/gate/intervals/beta-quantile.ts";
import { binomialCdf, binomialSf } from "../../rollout/gate/intervals/binomial.ts";
import { clopperPearson } from "../../rollout/gate/intervals/clopper-pearson.ts";
import { confidenceSequence } from "../../rollout/gate/intervals/confidence-sequence.ts";
import { fisherOneSided } from "../../rollout/gate/intervals/fisher.ts";
import {
  hypergeometricCdf,
  hypergeometricUpperTail,
  mostBadInFleet,
} from "../../rollout/gate/intervals/hypergeometric.ts";
import { jeffreys } from "../../rollout/gate/intervals/jeffreys.ts";
import { logNormalUpperTail, normalQuantile } from "../../rollout/gate/intervals/normal.ts";
import { wilson } from "../../rollout/gate/intervals/wilson.ts";
import { mixtureLogE } from "../../rollout/gate/mixture-log-e.ts";

const PRIOR = { a: 1, b: 19 };
const counts = fc
  .integer({ min: 1, max: 100_000 })
  .chain((n) => fc.record({ n: fc.constant(n), k: fc.integer({ min: 0, max: n }) }));

describe("an interval", () => {
  test.prop([counts, fc.double({ min: 0.5, max: 0.999, noNaN: true })])(
    "holds the rate that was seen, and widens with confidence",
    ({ k, n }, conf) => {
      const sequence = ({ conf: level }: { conf: number }): ReturnType<typeof wilson> =>
        confidenceSequence({ k, n, alpha: 1 - level, ...PRIOR });
      for (const interval of [wilson, clopperPearson, jeffreys, sequence]) {
        const { lower, upper } = interval({ k, n, conf });
        expect(lower).toBeLessThanOrEqual(k / n);
        expect(upper).toBeGreaterThanOrEqual(k / n);
        const wider = interval({ k, n, conf: conf + (1 - conf) / 2 });
        expect(wider.lower).toBeLessThanOrEqual(lower);
        expect(wider.upper).toBeGreaterThanOrEqual(upper);
      }
    },
  );

  test.prop([counts, fc.double({ min: 0.001, max: 0.5, noNaN: true })])(
    "that is valid at any time ends where the mixture reaches its level",
    ({ k, n }, alpha) => {
      const { lower, upper } = confidenceSequence({ k, n, alpha, ...PRIOR });
      for (const p of [lower, upper])
        if (p > 0 && p < 1 - 1e-4)
          expect(Math.abs(mixtureLogE({ k, n, p, ...PRIOR }) + Math.log(alpha))).toBeLessThan(1e-7);
      expect(lower === 0).toBe(k === 0);
      if (k === n) expect(upper).toBe(1);
    },
  );

  test.prop([counts])("that is valid at any time is wider than that of one look", ({ k, n }) => {
    const sequence = confidenceSequence({ k, n, alpha: 0.05, a: 0.5, b: 0.5 });
    const oneLook = jeffreys({ k, n, conf: 0.95 });
    expect(sequence.upper - sequence.lower).toBeGreaterThan(oneLook.upper - oneLook.lower);
  });

  it("says nothing before the first device", () => {
    expect(confidenceSequence({ k: 0, n: 0, alpha: 0.05, ...PRIOR })).toEqual({ lower: 0, upper: 1 });
  });

  it("is the published one of 480 devices of which 3 failed, 2 are silent and 6 have no outcome", () => {
    expect(confidenceSequence({ k: 5, n: 480, alpha: 0.05, ...PRIOR }).lower).toBeCloseTo(0.0018, 4);
    expect(confidenceSequence({ k: 11, n: 480, alpha: 0.05, ...PRIOR }).upper).toBeCloseTo(0.05, 3);
  });
});

describe("a quantile", () => {
  const shape = fc.double({ min: 0.05, max: 100_000, noNaN: true });
  const share = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });

  test.prop([shape, shape, share])(
    "of a beta distribution is met by its distribution function",
    (a, b, p) => {
      const x = betaQuantile({ p, a, b });
      // Where 1 - x has no digits left, one step of x is a large step of p.
      if (x > 1e-12 && x < 1 - 1e-5) expect(Math.abs(betaCdf({ x, a, b }) - p)).toBeLessThan(1e-9);
    },
  );

  test.prop([fc.double({ min: -37, max: 8, noNaN: true })])("of the normal is met by its tail", (x) => {
    const p = Math.exp(logNormalUpperTail(-x));
    if (p < 1) expect(normalQuantile(p)).toBeCloseTo(x, x < 5 ? 9 : 0);
  });

  it("of the normal is that of the tables", () => {
    expect(normalQuantile(0.5)).toBe(0);
    expect(normalQuantile(1e-300)).toBeCloseTo(-37.0470964, 6);
    expect(Math.exp(logNormalUpperTail(2))).toBeCloseTo(0.02275013194817921, 15);
    expect(logNormalUpperTail(38)).toBeCloseTo(-726.5572160188, 9);
  });
});

describe("devices drawn from a fleet", () => {
  const draw = fc.integer({ min: 1, max: 40 }).chain((fleet) =>
    fc.record({
      fleet: fc.constant(fleet),
      badInFleet: fc.integer({ min: 0, max: fleet }),
      sampled: fc.integer({ min: 0, max: fleet }),
      k: fc.integer({ min: 0, max: fleet }),
    }),
  );

  test.prop([draw])("have the chances that counting gives", ({ k, ...of }) => {
    const share = (x: number): number =>
      (choose(of.badInFleet, x) * choose(of.fleet - of.badInFleet, of.sampled - x)) /
      choose(of.fleet, of.sampled);
    const upTo = Array.from({ length: k + 1 }, (_, x) => share(x)).reduce((sum, each) => sum + each, 0);
    expect(hypergeometricCdf({ k, ...of })).toBeCloseTo(upTo, 11);
    expect(hypergeometricUpperTail({ k, ...of })).toBeCloseTo(1 - upTo + share(k), 11);
  });

  it("bound the bad ones of the whole fleet: 0 of 25 in a fleet of 50 leave at most 4", () => {
    const bound = mostBadInFleet({ k: 0, sampled: 25, fleet: 50, alpha: 0.05 });
    expect(bound).toBe(4);
    expect(hypergeometricCdf({ k: 0, fleet: 50, badInFleet: bound, sampled: 25 })).toBeGreaterThan(0.05);
    expect(hypergeometricCdf({ k: 0, fleet: 50, badInFleet: bound + 1, sampled: 25 })).toBeLessThan(0.05);
    expect(mostBadInFleet({ k: 3, sampled: 50, fleet: 50, alpha: 0.05 })).toBe(3);
    expect(mostBadInFleet({ k: 0, sampled: 0, fleet: 50, alpha: 0.05 })).toBe(50);
  });

  it("that are as bad in both groups give no p-value to speak of", () => {
    const same = { badTreated: 10, treated: 1000, badControl: 10, control: 1000 };
    expect(fisherOneSided(same)).toBeGreaterThan(0.5);
    expect(fisherOneSided({ ...same, badTreated: 0 })).toBe(1);
  });

  /** n over k: exact in doubles for so few devices. */
  function choose(n: number, k: number): number {
    if (k < 0 || k > n) return 0;
    let ways = 1;
    for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i;
    return Math.round(ways);
  }
});

describe("independent devices", () => {
  test.prop([counts, fc.double({ min: 1e-6, max: 0.999, noNaN: true })])(
    "have both tails make 1",
    ({ k, n }, p) => {
      expect(binomialCdf({ k, n, p }) + binomialSf({ k, n, p })).toBeCloseTo(1, 12);
    },
  );
});

describe("bad arguments", () => {
  it.each([
    ["n", () => wilson({ k: 0, n: 0, conf: 0.95 })],
    ["k", () => clopperPearson({ k: 3, n: 2, conf: 0.95 })],
    ["conf", () => jeffreys({ k: 1, n: 2, conf: 1 })],
    ["alpha", () => confidenceSequence({ k: 1, n: 2, alpha: 0, ...PRIOR })],
    ["p", () => betaQuantile({ p: 0, a: 1, b: 1 })],
    ["p", () => normalQuantile(Number.NaN)],
    ["k", () => hypergeometricCdf({ k: 0, fleet: 5, badInFleet: 6, sampled: 2 })],
    ["k", () => fisherOneSided({ badTreated: 2, treated: 1, badControl: 0, control: 1 })],
    ["p", () => binomialCdf({ k: 1, n: 2, p: 0 })],
  ])("are refused by name: %s", (name, compute) => {
    expect(compute).toThrow(new RegExp(`^${name} must be `));
  });
});
