import { describe, expect, it } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { betaCdf, betaTails } from "../../rollout/gate/beta-tails.ts";
import { logBeta } from "../../rollout/gate/log-beta.ts";
import { logEAbort } from "../../rollout/gate/log-e-abort.ts";
import { logEPromote } from "../../rollout/gate/log-e-promote.ts";
import { logGamma } from "../../rollout/gate/log-gamma.ts";
import { minWaveSize } from "../../rollout/gate/min-wave-size.ts";
import { mixtureLogE } from "../../rollout/gate/mixture-log-e.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { promoteBoundary } from "../../rollout/gate/promote-boundary.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";

const MILLION = 1_000_000;
/** The prior of a gate that rejects 10%. */
const PRIOR = { a: 1, b: 9 };

describe("the statistics kernel, against 60 digits of mpmath 1.3.0", () => {
  it.each([
    ["logGamma(0.5)", logGamma(0.5), 0.572364942924700087],
    ["logGamma(1e-5)", logGamma(1e-5), 11.5129196928958257],
    ["logGamma(14.75)", logGamma(14.75), 24.5248013159413736],
    ["logGamma(1e6 + 1/4)", logGamma(MILLION + 0.25), 12815508.0230251574],
    ["logBeta(100001, 900009)", logBeta({ a: 100_001, b: 900_009 }), -325091.009069280996],
    ["a mixture, 1e6", mixtureLogE({ k: 20_100, n: MILLION, p: 0.02, ...PRIOR }), -5.66301783141822272],
    ["abort, near p0, 1e6", logEAbort({ k: 20_100, n: MILLION, p0: 0.02, ...PRIOR }), -5.75123032998384048],
    ["abort, above p0, 1e6", logEAbort({ k: 20_800, n: MILLION, p0: 0.02, ...PRIOR }), 10.3926152847461279],
    ["abort, none of 1e6", logEAbort({ k: 0, n: MILLION, p0: 0.02, ...PRIOR }), -11.618294980587555],
    ["abort, all of 1e6", logEAbort({ k: MILLION, n: MILLION, p0: 0.02, ...PRIOR }), 3911911.64943997044],
    ["abort, 0 of 1", logEAbort({ k: 0, n: 1, p0: 0.02, ...PRIOR }), -0.105360515657826301],
    ["abort, 1e4", logEAbort({ k: 40, n: 10_000, p0: 0.001, a: 0.5, b: 9.5 }), 22.4277570823632313],
    [
      "promote, near p1, 1e6",
      logEPromote({ k: 99_000, n: MILLION, p1: 0.1, ...PRIOR }),
      0.227717450957040047,
    ],
    ["promote, none of 1e6", logEPromote({ k: 0, n: MILLION, p1: 0.1, ...PRIOR }), 105349.387439376831],
    ["promote, 40% of 1e6", logEPromote({ k: 400_000, n: MILLION, p1: 0.1, ...PRIOR }), -13.1750673791106382],
    ["promote, 3 of 7", logEPromote({ k: 3, n: 7, p1: 0.1, ...PRIOR }), -1.55867988760666406],
    ["lower tail, 1e6", betaTails({ x: 0.02, a: 20_001, b: 980_009 }).logLower, -0.695886513842471427],
    ["upper tail, 1e6", betaTails({ x: 0.02, a: 20_001, b: 980_009 }).logUpper, -0.690415330729250112],
    ["upper tail e^-12149", betaTails({ x: 0.05, a: 20_001, b: 980_009 }).logUpper, -12148.6104964813366],
  ])("%s", (_, computed, reference) => {
    expect(Math.abs(computed / reference - 1)).toBeLessThan(1e-12);
  });

  it("is 0 and 1 at the ends of the beta distribution, and symmetric", () => {
    expect(betaCdf({ x: 0, a: 2, b: 3 })).toBe(0);
    expect(betaCdf({ x: 1, a: 2, b: 3 })).toBe(1);
    expect(betaCdf({ x: 0.5, a: 7, b: 7 })).toBeCloseTo(0.5, 14);
    expect(betaCdf({ x: 0.25, a: 1, b: 3 })).toBeCloseTo(1 - 0.75 ** 3, 14);
  });

  it("says nothing before the first device", () => {
    expect(logEAbort({ k: 0, n: 0, p0: 0.02, ...PRIOR })).toBe(0);
    expect(logEPromote({ k: 0, n: 0, p1: 0.1, ...PRIOR })).toBe(0);
    expect(mixtureLogE({ k: 0, n: 0, p: 0.1, ...PRIOR })).toBe(0);
  });
});

describe("the figures operators are told", () => {
  it.each([
    ["5 of 15 failed, 2% tolerated", Math.exp(logEAbort({ k: 5, n: 15, p0: 0.02, ...PRIOR })), 5112],
    ["0 of 57, 10% rejected", Math.exp(logEPromote({ k: 0, n: 57, p1: 0.1, ...PRIOR })), 90],
    ["0 of 72, 10% rejected", Math.exp(logEPromote({ k: 0, n: 72, p1: 0.1, ...PRIOR })), 357],
    ["3 failed and 2 silent of 480, 1% tolerated", eAbort(5, 480), 0.13],
    ["11 not ok of 480, 5% rejected", ePromote(11, 480), 33],
    ["13 not ok of 480, 5% rejected", ePromote(13, 480), 7.9],
    ["15 bad of 480, 1% tolerated", eAbort(15, 480), 278],
  ])("%s", (_, evidence, published) => {
    // The published figures have two or more digits and are rounded, not cut.
    const digits = published < 1 ? 2 : published < 10 ? 1 : 0;
    expect(Number(evidence.toFixed(digits))).toBe(published);
  });

  it("asks for the published numbers of clean devices, with 0, 1, 2 and 5 bad ones", () => {
    const sizes = (reject: number): number[] =>
      [0, 1, 2, 5].map((bad) => sizeToProve({ reject, missedBad: 0.05, bad }));
    expect(sizes(0.2)).toEqual([19, 31, 40, 66]);
    expect(sizes(0.1)).toEqual([40, 64, 84, 136]);
    expect(sizes(0.05)).toEqual([82, 130, 170, 276]);
    expect(sizes(0.02)).toEqual([208, 328, 430, 696]);
    expect(sizes(0.01)).toEqual([417, 657, 862, 1396]);
    expect(sizes(0.001)).toEqual([4188, 6595, 8645, 13_997]);
  });

  it("finds the sizes for one look, a chance that is met exactly included", () => {
    const sizes = [0, 1, 2, 5].map((c) => minWaveSize({ maxFailuresAllowed: c, pMax: 0.05, conf: 0.95 }));
    expect(sizes).toEqual([59, 93, 124, 208]);
    expect(minWaveSize({ maxFailuresAllowed: 0, pMax: 0.5, conf: 0.75 })).toBe(2);
  });

  it("stops at the published numbers of failures", () => {
    const cuts = [5, 20, 50, 100, 500, 1_000].map((n) =>
      abortBoundary({ n, p0: 0.01, alpha: 0.05, a: 1, b: 19 }),
    );
    expect(cuts).toEqual([2, 3, 4, 5, 13, 22]);
  });

  it("has no boundary where no number of failures suffices", () => {
    expect(abortBoundary({ n: 1, p0: 0.02, alpha: 1e-6, ...PRIOR })).toBe(2);
    expect(abortBoundary({ n: 0, p0: 0.02, alpha: 0.05, ...PRIOR })).toBe(1);
    expect(promoteBoundary({ n: 39, p1: 0.1, beta: 0.05, ...PRIOR })).toBe(-1);
    expect(promoteBoundary({ n: 40, p1: 0.1, beta: 0.05, ...PRIOR })).toBe(0);
  });

  function eAbort(k: number, n: number): number {
    return Math.exp(logEAbort({ k, n, p0: 0.01, ...priorOf({ reject: 0.05 }) }));
  }

  function ePromote(k: number, n: number): number {
    return Math.exp(logEPromote({ k, n, p1: 0.05, ...priorOf({ reject: 0.05 }) }));
  }
});

describe("bad arguments", () => {
  it.each([
    ["x", () => logGamma(0)],
    ["x", () => logGamma(Number.NaN)],
    ["a", () => logBeta({ a: -1, b: 1 })],
    ["b", () => logBeta({ a: 1, b: Infinity })],
    ["x", () => betaCdf({ x: 1.5, a: 1, b: 1 })],
    ["x", () => betaCdf({ x: Number.NaN, a: 1, b: 1 })],
    ["a", () => betaCdf({ x: 0, a: 0, b: 1 })],
    ["k", () => mixtureLogE({ k: 3, n: 2, p: 0.1, ...PRIOR })],
    ["k", () => logEAbort({ k: -1, n: 2, p0: 0.1, ...PRIOR })],
    ["k", () => logEAbort({ k: 0.5, n: 2, p0: 0.1, ...PRIOR })],
    ["n", () => logEAbort({ k: 0, n: Number.NaN, p0: 0.1, ...PRIOR })],
    ["p0", () => logEAbort({ k: 0, n: 2, p0: 0, ...PRIOR })],
    ["p1", () => logEPromote({ k: 0, n: 2, p1: 1, ...PRIOR })],
    ["b", () => logEPromote({ k: 0, n: 2, p1: 0.1, a: 1, b: 0 })],
    ["n", () => abortBoundary({ n: -1, p0: 0.1, alpha: 0.05, ...PRIOR })],
    ["alpha", () => abortBoundary({ n: 5, p0: 0.1, alpha: 0, ...PRIOR })],
    ["beta", () => promoteBoundary({ n: 5, p1: 0.1, beta: 1, ...PRIOR })],
    ["maxFailuresAllowed", () => minWaveSize({ maxFailuresAllowed: -1, pMax: 0.1, conf: 0.95 })],
    ["pMax", () => minWaveSize({ maxFailuresAllowed: 0, pMax: 0, conf: 0.95 })],
    ["conf", () => minWaveSize({ maxFailuresAllowed: 0, pMax: 0.1, conf: 1 })],
    ["reject", () => sizeToProve({ reject: 1, missedBad: 0.05 })],
  ])("are refused by name: %s", (name, call) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(new RegExp(`^${name} must be`));
  });
});
