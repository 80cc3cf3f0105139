import { describe, expect, it } from "vitest";
import { assessWatched, assessWave } from "../../rollout/gate/assess.ts";
import { judgeMetrics } from "../../rollout/gate/judge-metrics.ts";
import { logEAbort } from "../../rollout/gate/log-e-abort.ts";
import { metricEvidence } from "../../rollout/gate/metric-evidence.ts";
import { unprovenMetrics } from "../../rollout/gate/metric-proof.ts";
import { gatesOf, thresholds } from "../../rollout/gate/thresholds.ts";
import type { Look } from "../../rollout/model/look.ts";
import type { Judge, Metric } from "../../rollout/model/metric.ts";
import type { ByStratum, MetricReading } from "../../rollout/model/metric-reading.ts";
import { aWave, GATE, HOUR } from "./a-wave.ts";

function aMetric(judge: Judge, changes: Partial<Metric> = {}): Metric {
  return { name: "m", source: "lab", queries: {}, judge, freshnessMs: HOUR, mode: "enforce", ...changes };
}

/** Looks an hour apart, the last at 80 hours, each with a reading; ten devices of A and B in contact. */
function looksOf(
  readings: readonly (MetricReading | Readonly<Record<string, ByStratum>> | undefined)[],
): readonly Look[] {
  const tally = { ok: 10, failed: 0, contacted: 0 };
  return readings.map((reading, index) => {
    const at = (80 - (readings.length - 1 - index)) * HOUR;
    const told =
      reading === undefined || "state" in reading
        ? reading
        : { state: "measured" as const, at, values: reading };
    return {
      at,
      wave: 0,
      views: { all: { A: tally, B: tally }, wave: {} },
      answered: 20,
      // A reading always has a state, as a text.
      ...(told === undefined ? {} : { metrics: { m: told as MetricReading } }),
    };
  });
}

const evidence = (
  metric: Metric,
  ...readings: Parameters<typeof looksOf>[0]
): ReturnType<typeof metricEvidence> =>
  metricEvidence({ metric, looks: looksOf(readings), strata: ["A", "B"], hasControl: true });

/** What a wave that would be promoted comes to with one metric. */
function assessed(metric: Metric, ...readings: Parameters<typeof looksOf>[0]): ReturnType<typeof assessWave> {
  const gate = { ...GATE, metrics: [metric] };
  const byName = { m: evidence(metric, ...readings) };
  const levels = thresholds({ ...GATE, strata: 2, evidenceWaves: 2, gates: gatesOf(gate) });
  return assessWave(aWave({ gate, thresholds: levels, metrics: { atMs: 80 * HOUR, byName } }));
}

const RATE = aMetric({ kind: "binomial", tolerate: 0.02 });
const all = (bad: number, total: number): Readonly<Record<string, ByStratum>> => ({
  bad: { "*": bad },
  total: { "*": total },
});

describe("the budget", () => {
  it("is split over the gates that may stop by chance: no limits, none in shadow", () => {
    const limit = aMetric({ kind: "limit", above: 1, failures: 1 });
    const shadow = aMetric({ kind: "rate ratio", tolerate: 1 }, { mode: "shadow" });
    const ratio = aMetric({ kind: "rate ratio", tolerate: 1 });
    expect(gatesOf({})).toBe(1);
    expect(gatesOf({ metrics: [limit, shadow] })).toBe(1);
    expect(gatesOf({ metrics: [limit, RATE, ratio] })).toBe(3);
  });

  it("multiplies the thresholds to abort, and leaves the one to promote", () => {
    const input = { falseStop: 0.05, missedBad: 0.05, strata: 2, evidenceWaves: 2 };
    expect(thresholds(input)).toEqual({ cumulative: 80, wave: 160, promote: 20 });
    expect(thresholds({ ...input, gates: 1 })).toEqual(thresholds(input));
    expect(thresholds({ ...input, gates: 3 })).toEqual({ cumulative: 240, wave: 480, promote: 20 });
  });
});

describe("a rate", () => {
  it("stops by the e-process of the main gate, at the shared threshold", () => {
    const prior = { a: 1, b: 1 / 0.1 - 1 };
    const least = (n: number): number => {
      let k = 0;
      while (logEAbort({ k, n, p0: 0.02, ...prior }) < Math.log(160)) k++;
      return k;
    };
    const k = least(200);
    expect(assessed(RATE, all(k - 1, 200)).kind).toBe("promote");
    const stop = assessed(RATE, all(k, 200));
    expect(stop).toMatchObject({
      kind: "abort",
      guarantee: "statistical",
      reasons: [{ code: "METRIC_RATE", k, n: 200, threshold: 160 }],
    });
  });

  it("that declares what must not ship lets an evidence wave on with proof only", () => {
    const proving = aMetric({ kind: "binomial", tolerate: 0.02, reject: 0.1 });
    expect(assessed(proving, all(0, 39))).toMatchObject({
      kind: "hold",
      reasons: [{ code: "SHORT_OF_EVIDENCE", metric: "m" }, { code: "PROVEN" }, { code: "PROVEN" }],
    });
    expect(assessed(proving, all(0, 40)).kind).toBe("promote");
    expect(assessed({ ...proving, mode: "shadow" }, all(0, 1)).kind).toBe("promote");
  });

  it("that nobody tells of a stratum called like a part of an object is not proven for it", () => {
    const proving = aMetric({ kind: "binomial", tolerate: 0.02, reject: 0.1 });
    const strata = ["A", "constructor"];
    const looks = looksOf([{ bad: { A: 0 }, total: { A: 100 } }]);
    const byName = { m: metricEvidence({ metric: proving, looks, strata, hasControl: true }) };
    const found = unprovenMetrics({
      gate: { ...GATE, metrics: [proving] },
      metrics: { atMs: 80 * HOUR, byName },
      proving: strata,
      thresholds: thresholds({ ...GATE, strata: 2, evidenceWaves: 2, gates: 2 }),
    });
    expect(found).toMatchObject([{ code: "SHORT_OF_EVIDENCE", stratum: "constructor", k: 0, n: 0 }]);
  });

  it("of twins stays what it is after as many looks as a minute makes in a quarter of a year", () => {
    const twins = aMetric({ kind: "binomial", tolerate: 0.02 }, { source: "twins" });
    const [look] = looksOf([{ bad: { A: 1, B: 0 } }]);
    if (look === undefined) throw new Error("there is one");
    const looks = Array.from({ length: 130_000 }, () => look);
    const found = metricEvidence({ metric: twins, looks, strata: ["A", "B"], hasControl: false });
    expect(found.numbers.byStratum["A"]).toEqual({ bad: 1, total: 10, unproven: 1 });
  });

  it("of twins counts who has no outcome, or is gone, as not proven, and never less than was seen", () => {
    const twins = aMetric({ kind: "binomial", tolerate: 0.02 }, { source: "twins" });
    const [first, last] = looksOf([{ bad: { A: 2, B: 0 } }, { bad: { A: 1, B: 0 } }]);
    if (first === undefined || last === undefined) throw new Error("there are two");
    const fewer = {
      ...last,
      views: {
        all: {
          A: { ok: 5, failed: 1, contacted: 2 },
          B: last.views.all["B"] ?? { ok: 0, failed: 0, contacted: 0 },
        },
        wave: {},
      },
    };
    const found = metricEvidence({
      metric: twins,
      looks: [first, fewer],
      strata: ["A", "B"],
      hasControl: false,
    });
    expect(found.numbers.byStratum).toEqual({
      A: { bad: 2, total: 10, unproven: 5 },
      B: { bad: 0, total: 10, unproven: 0 },
    });
  });

  it.each<[string, Readonly<Record<string, ByStratum>>]>([
    ["shrink", all(1, 90)],
    ["are more bad than there are", all(200, 100)],
    ["are no whole numbers", all(1.5, 100)],
    ["are negative", all(-1, 100)],
    ["are told by strata all of a sudden", { bad: { A: 1, B: 1 }, total: { A: 100, B: 100 } }],
  ])("holds on counts that %s, and goes by those before", (_, counts) => {
    const found = evidence(RATE, all(1, 100), counts);
    expect(found).toMatchObject({
      state: "inconsistent",
      numbers: { byStratum: { "*": { bad: 1, total: 100 } } },
    });
    expect(assessed(RATE, all(1, 100), counts)).toMatchObject({
      kind: "hold",
      reasons: [{ code: "DATA_QUALITY" }, { code: "PROVEN" }, { code: "PROVEN" }],
    });
  });
});

describe("what stands in the way", () => {
  const LIMIT = aMetric({ kind: "limit", above: 80, failures: 1 });
  const value = (byStratum: ByStratum): Readonly<Record<string, ByStratum>> => ({ value: byStratum });

  it.each<[string, string, readonly (MetricReading | undefined)[]]>([
    ["no reading at all", "NO_DATA", [undefined]],
    ["no data", "NO_DATA", [{ state: "no data" }]],
    ["a broken source", "SOURCE_BROKEN", [{ state: "broken", trouble: "time-out" }]],
    ["old data", "STALE", [{ state: "measured", at: 78 * HOUR, values: { value: { "*": 1 } } }]],
    [
      "data of the future",
      "DATA_QUALITY",
      [{ state: "measured", at: 99 * HOUR, values: { value: { "*": 1 } } }],
    ],
    [
      "a source that died",
      "SOURCE_BROKEN",
      [
        { state: "measured", at: 79 * HOUR, values: { value: { "*": 1 } } },
        { state: "broken", trouble: "failed" },
      ],
    ],
    [
      "a stratum that nobody tells of",
      "NO_DATA",
      [{ state: "measured", at: 80 * HOUR, values: { value: { A: 1 } } }],
    ],
  ])("is %s (%s), which holds and never stops", (_, code, readings) => {
    const verdict = assessed(LIMIT, ...readings);
    expect(verdict.kind).toBe("hold");
    expect(verdict.reasons[0]).toMatchObject({ code, metric: "m" });
    expect(verdict.reasons[0]?.text).toContain("no-data policy: hold");
  });

  it("does not stand in the way of a stop by the stratum that is told", () => {
    const partial = { bad: { A: 60 }, total: { A: 100 } };
    expect(assessed(RATE, partial)).toMatchObject({ kind: "abort", reasons: [{ stratum: "A" }] });
    const dead: MetricReading = { state: "broken", trouble: "time-out" };
    expect(assessed(RATE, all(60, 100), dead).kind).toBe("abort");
  });

  it("is no old value over its limit: that is no news, neither good nor bad", () => {
    const old: MetricReading = { state: "measured", at: 70 * HOUR, values: { value: { "*": 99 } } };
    expect(assessed(LIMIT, old)).toMatchObject({
      kind: "hold",
      reasons: [{ code: "STALE" }, { code: "PROVEN" }, { code: "PROVEN" }],
    });
  });

  it("counts the same data, read twice, as one bad measurement", () => {
    const thrice = aMetric({ kind: "limit", below: 5, failures: 3 });
    const bad: MetricReading = { state: "measured", at: 79.5 * HOUR, values: value({ "*": 1 }) };
    expect(evidence(thrice, value({ "*": 1 }), bad, bad).numbers.byStratum["*"]).toMatchObject({
      failing: 2,
    });
    expect(assessed(thrice, value({ "*": 1 }), value({ "*": 1 }), value({ "*": 1 })).kind).toBe("abort");
  });

  it("holds nothing of a completed release, which is judged for abort alone", () => {
    const gate = { ...GATE, metrics: [RATE] };
    const { counts, strata } = aWave();
    const levels = thresholds({ ...GATE, strata: 2, evidenceWaves: 2, gates: 2 });
    const judged = (reading: Readonly<Record<string, ByStratum>>): string =>
      assessWatched({
        gate,
        counts,
        strata,
        thresholds: levels,
        metrics: { atMs: 80 * HOUR, byName: { m: evidence(RATE, reading) } },
      }).kind;
    expect(judged(all(60, 100))).toBe("abort");
    expect(judged(all(0, 100))).toBe("hold");
  });
});

describe("a rate ratio", () => {
  const RATIO = aMetric({ kind: "rate ratio", tolerate: 1 });
  const sums = (treated: number, control: number, hours: number): Readonly<Record<string, ByStratum>> => ({
    treated: { A: treated, B: 0 },
    control: { A: control, B: 0 },
    treatedExposure: { A: hours, B: hours },
    controlExposure: { A: 10 * hours, B: 10 * hours },
  });

  it("counts what is added from look to look, not what was there at the first", () => {
    expect(evidence(RATIO, sums(900, 10, 1)).numbers.byStratum["A"]).toMatchObject({
      treated: 0,
      control: 0,
    });
    expect(evidence(RATIO, sums(900, 10, 1), sums(903, 40, 2)).numbers.byStratum["A"]).toMatchObject({
      treated: 3,
      control: 30,
    });
  });

  it("loses a reading without losing its events", () => {
    const dead: MetricReading = { state: "no data" };
    const found = evidence(RATIO, sums(0, 0, 1), dead, sums(9, 90, 3));
    expect(found.numbers.byStratum["A"]).toMatchObject({ treated: 9, control: 90 });
  });

  it("does not use events of an arm that nobody was in, and does so once somebody was", () => {
    const nobody = { ...sums(5, 50, 2), treatedExposure: { A: 1, B: 1 } };
    expect(evidence(RATIO, sums(0, 0, 1), nobody).state).toBe("inconsistent");
    expect(evidence(RATIO, sums(0, 0, 1), nobody, sums(5, 60, 3))).toMatchObject({
      state: "measured",
      numbers: { byStratum: { A: { treated: 5, control: 60 } } },
    });
  });

  it("has nothing to say once there is no control, whatever it had counted", () => {
    const gate = { ...GATE, metrics: [RATIO] };
    const looks = looksOf([sums(0, 0, 1), sums(900, 10, 2)]);
    const known = metricEvidence({ metric: RATIO, looks, strata: ["A", "B"], hasControl: false });
    const levels = thresholds({ ...GATE, strata: 2, evidenceWaves: 2, gates: 2 });
    const [judged] = judgeMetrics({
      gate,
      strata: ["A", "B"],
      thresholds: levels,
      metrics: { atMs: 80 * HOUR, byName: { m: known } },
    });
    expect(judged).toMatchObject({ stops: [], holds: [], verdict: { state: "no control", kind: "pass" } });
  });
});
