import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { abortBoundary } from "../../rollout/gate/abort-boundary.ts";
import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import { priorOf } from "../../rollout/gate/prior.ts";
import { promoteBoundary } from "../../rollout/gate/promote-boundary.ts";
import { aWave, counted, devices, GATE } from "./a-wave.ts";

const PRIOR = priorOf(GATE);
const size = fc.integer({ min: 3, max: 5_000 });

describe("a verdict changes exactly at the boundary", () => {
  test.prop([size])("of everyone together", (n) => {
    const stop = abortBoundary({ n, p0: GATE.tolerate, alpha: 1 / 80, ...PRIOR });
    const kind = (failed: number): string =>
      assessWatched({ ...aWave(), counts: counted({}, { A: devices(n, { failed }) }) }).kind;
    expect([kind(stop - 1), kind(stop)]).toEqual(["hold", "abort"]);
  });

  test.prop([size])("of the wave's own view", (n) => {
    const stop = abortBoundary({ n, p0: GATE.tolerate, alpha: 1 / 160, ...PRIOR });
    const everyone = { A: devices(1_000_000, { failed: 10_000 }) };
    const kind = (failed: number): string =>
      assessWave(aWave({ counts: counted({ A: devices(n, { failed }) }, everyone) })).kind;
    expect([kind(stop - 1) === "abort", kind(stop) === "abort"]).toEqual([false, true]);
  });

  test.prop([fc.integer({ min: 40, max: 5_000 })])("of a promotion", (n) => {
    const pass = promoteBoundary({ n, p1: GATE.reject, beta: GATE.missedBad, ...PRIOR });
    const everyone = { A: devices(1_000_000, { failed: 10_000 }) };
    // Devices without an outcome are bad for a promotion and speak for no stop.
    const kind = (unresolved: number): string => {
      const counts = counted({ A: devices(n, { unresolved }) }, everyone);
      return assessWave(aWave({ counts, strata: ["A"] })).kind;
    };
    expect([kind(pass), kind(pass + 1)]).toEqual(["promote", "hold"]);
  });
});
