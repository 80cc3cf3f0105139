import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { betaCdf, betaTails } from "../../rollout/gate/beta-tails.ts";
import { leastInteger } from "../../rollout/gate/least-integer.ts";
import { logBeta } from "../../rollout/gate/log-beta.ts";
import { logEAbort } from "../../rollout/gate/log-e-abort.ts";
import { logEPromote } from "../../rollout/gate/log-e-promote.ts";
import { logGamma } from "../../rollout/gate/log-gamma.ts";
import { minWaveSize } from "../../rollout/gate/min-wave-size.ts";
import { mixtureLogE } from "../../rollout/gate/mixture-log-e.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { promoteBoundary } from "../../rollout/gate/promote-boundary.ts";
import { sizeToProve } from "../../rollout/gate/size-to-prove.ts";

const chance = fc.double({ min: 0.001, max: 0.6, noNaN: true });
const shape = fc.double({ min: 0.25, max: 200_000, noNaN: true });
/** k of n, with one device to spare on either side. */
const counts = fc
  .integer({ min: 1, max: 1_000_000 })
  .chain((n) => fc.record({ n: fc.constant(n), k: fc.integer({ min: 0, max: n - 1 }) }));

describe("the statistics kernel", () => {
  test.prop([shape])("gamma: Γ(x+1) = x Γ(x)", (x) => {
    const difference = logGamma(x + 1) - logGamma(x) - Math.log(x);
    expect(Math.abs(difference)).toBeLessThan(1e-14 * (10 + Math.abs(logGamma(x))));
  });

  test.prop([shape, shape])("beta: B(a, b) = B(a+1, b) + B(a, b+1)", (a, b) => {
    const parts = logBeta({ a: a + 1, b }) - logBeta({ a, b });
    const others = logBeta({ a, b: b + 1 }) - logBeta({ a, b });
    // ln B itself is up to 300,000 here, so its rounding is near 1e-10.
    expect(Math.exp(parts) + Math.exp(others)).toBeCloseTo(1, 8);
  });

  test.prop([shape, shape, fc.double({ min: 0.001, max: 0.999, noNaN: true })])(
    "both tails make 1",
    (a, b, x) => {
      const { logLower, logUpper } = betaTails({ a, b, x });
      expect(Math.exp(logLower) + Math.exp(logUpper)).toBeCloseTo(1, 12);
      expect(betaCdf({ a, b, x }) + betaCdf({ a: b, b: a, x: 1 - x })).toBeCloseTo(1, 10);
    },
  );

  test.prop([counts, chance, chance])(
    "abort evidence rises with failures and falls with good devices",
    ({ k, n }, p0, reject) => {
      const prior = priorOf({ reject });
      const logE = logEAbort({ k, n, p0, ...prior });
      expect(logEAbort({ k: k + 1, n, p0, ...prior })).toBeGreaterThan(logE);
      expect(logEAbort({ k, n: n + 1, p0, ...prior })).toBeLessThan(logE);
    },
  );

  test.prop([counts, chance])(
    "promote evidence falls with bad devices and rises with good ones",
    ({ k, n }, reject) => {
      const prior = priorOf({ reject });
      const logE = logEPromote({ k, n, p1: reject, ...prior });
      expect(logEPromote({ k: k + 1, n, p1: reject, ...prior })).toBeLessThan(logE);
      expect(logEPromote({ k, n: n + 1, p1: reject, ...prior })).toBeGreaterThan(logE);
    },
  );

  test.prop([counts, chance, chance])(
    "a device's outcome is a fair bet at the rate tested",
    ({ k, n }, p, reject) => {
      // E[next / now] = 1 at p: what makes the mixture a martingale, and so the promise valid at any time.
      const prior = priorOf({ reject });
      const now = mixtureLogE({ k, n, p, ...prior });
      const bad = Math.exp(mixtureLogE({ k: k + 1, n: n + 1, p, ...prior }) - now);
      const good = Math.exp(mixtureLogE({ k, n: n + 1, p, ...prior }) - now);
      expect(p * bad + (1 - p) * good).toBeCloseTo(1, 7);
    },
  );

  test.prop([fc.integer({ min: 1, max: 20_000 }), chance, chance])(
    "boundaries are where the evidence crosses",
    (n, p0, reject) => {
      const prior = priorOf({ reject });
      const enough = Math.log(20);
      const stop = abortBoundary({ n, p0, alpha: 0.05, ...prior });
      if (stop <= n) expect(logEAbort({ k: stop, n, p0, ...prior })).toBeGreaterThanOrEqual(enough - 1e-9);
      if (stop > 0) expect(logEAbort({ k: stop - 1, n, p0, ...prior })).toBeLessThan(enough);
      const pass = promoteBoundary({ n, p1: reject, beta: 0.05, ...prior });
      if (pass >= 0)
        expect(logEPromote({ k: pass, n, p1: reject, ...prior })).toBeGreaterThanOrEqual(enough - 1e-9);
      if (pass < n) expect(logEPromote({ k: pass + 1, n, p1: reject, ...prior })).toBeLessThan(enough);
    },
  );

  test.prop([chance, fc.double({ min: 0.01, max: 0.3, noNaN: true }), fc.integer({ min: 0, max: 20 })])(
    "the size to prove is the least, and watching costs more than one look",
    (reject, missedBad, bad) => {
      const size = sizeToProve({ reject, missedBad, bad });
      const logE = (n: number): number => logEPromote({ k: bad, n, p1: reject, ...priorOf({ reject }) });
      expect(logE(size)).toBeGreaterThanOrEqual(-Math.log(missedBad));
      if (size - 1 >= bad) expect(logE(size - 1)).toBeLessThan(-Math.log(missedBad));
      expect(size).toBeGreaterThanOrEqual(
        minWaveSize({ maxFailuresAllowed: bad, pMax: reject, conf: 1 - missedBad }),
      );
    },
  );

  test.prop([fc.integer({ min: -5, max: 100 }), fc.integer({ min: 0, max: 1_000_000 })])(
    "a search finds the least number, whatever its distance",
    (from, distance) => {
      expect(leastInteger(from, (candidate) => candidate >= from + distance)).toBe(from + distance);
    },
  );
});
