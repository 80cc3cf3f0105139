import { describe, expect, it } from "vitest";
import { tryGate } from "../../rollout/gate/gate-trial.ts";
import type { Metric } from "../../rollout/model/metric.ts";
import { devices, GATE, HOUR } from "./a-wave.ts";

const CRASHES: Metric = {
  name: "crashes",
  source: "lab",
  queries: {},
  judge: { kind: "binomial", tolerate: 0.02, reject: 0.1 },
  freshnessMs: HOUR,
  mode: "enforce",
};

describe("a gate that is tried on counts", () => {
  const input = { counts: new Map([["A", devices(57)]]), population: {}, evidenceWaves: 1, confidence: 0.95 };

  it("says what it says of a wave that is covered and baked, and what is missing", () => {
    const { verdict, strata, sizes } = tryGate({ ...input, gate: GATE });
    expect(verdict).toMatchObject({ kind: "promote", reasons: [{ code: "PROVEN", k: 0, n: 57 }] });
    expect(strata).toMatchObject([
      { stratum: "A", against: { k: 0, n: 57, threshold: 40 }, inFavour: { missing: 0, threshold: 20 } },
    ]);
    expect(sizes[0]).toEqual({ bad: 0, devices: 40 });
  });

  it("has the thresholds that its metrics leave it, and is held by none of them", () => {
    const { verdict, thresholds } = tryGate({ ...input, gate: { ...GATE, metrics: [CRASHES] } });
    expect(thresholds).toEqual({ cumulative: 80, wave: 80, promote: 20 });
    expect(verdict.kind).toBe("promote");
  });
});
