import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { metricSources } from "../../../rollout/adapters/metrics/metric-sources.ts";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { percent, type MetricDeclaration } from "../../../rollout/wavegate.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import { ATTEMPT, headRecord, HOUR, stateOf } from "./in-canary.ts";
import { metricStage, withMetrics, type Stage } from "./metric-stage.ts";

// Whole rollouts over the local hub's own engine.

const MINUTE = 60_000;
const HEAT: MetricDeclaration = {
  name: "heat",
  source: "lab",
  query: "heat?attempt={{attempt}}&until={{until}}#/heat",
  judge: { kind: "limit", above: 80 },
  freshness: "15 minutes",
};

let at: Stage;
beforeEach(async () => {
  at = await metricStage();
});
afterEach(() => at[Symbol.asyncDispose]());

const codes = (): readonly string[] => (at.verdict?.reasons ?? []).map(({ code }) => code);

describe("a release with a metric", () => {
  it("goes on while the metric is well, completes, and is verified from its records alone", async () => {
    const product = withMetrics(HEAT);
    await at.bake(product);
    for (let wave = 0; wave < 3; wave++) {
      await at.rest(product);
      at.world.settle(() => "ok");
      await at.rest(product);
      at.world.advance(4 * HOUR);
    }
    await at.rest(product);
    expect(stateOf(at.world)).toBe("watching");
    expect(at.verdict?.metrics).toMatchObject([{ name: "heat", kind: "pass", state: "measured" }]);
    const found = await at.verified();
    expect(found.problems).toEqual([]);
    expect(found.steps.filter(({ rejudged }) => rejudged)).toHaveLength(3);
    const [asked] = at.service.asked;
    expect(asked?.path).toMatch(new RegExp(`^/heat\\?attempt=${ATTEMPT}&until=2026-01-01T`));
  });

  it.each<[string, string, () => void]>([
    ["has no data", "NO_DATA", () => (at.service.say = () => ({ body: "{}" }))],
    ["says NaN", "NO_DATA", () => (at.service.say = () => ({ body: '{"heat":"NaN"}' }))],
    ["answers with errors", "SOURCE_BROKEN", () => (at.service.say = () => ({ status: 503 }))],
    ["answers with something else", "SOURCE_BROKEN", () => (at.service.say = () => ({ body: "<html>" }))],
    [
      "is not in the settings",
      "SOURCE_BROKEN",
      () => (at.metrics = { ...metricSources({}), sources: ["lab"] }),
    ],
  ])("holds while the source %s (%s), and goes on with its first answer", async (_, code, fail) => {
    const product = withMetrics(HEAT);
    const sources = at.metrics;
    const say = at.service.say;
    await at.bake(product);
    fail();
    for (let looks = 0; looks < 3; looks++) {
      const { status } = await at.look(product);
      expect(headRecord(at.world).kind).toBe("start");
      expect(codes()[0]).toBe(code);
      expect(status?.text).toContain("no-data policy: hold");
      at.world.advance(HOUR);
    }
    [at.service.say, at.metrics] = [say, sources];
    await at.look(product);
    expect(headRecord(at.world)).toMatchObject({ kind: "promote" });
  });

  it("is stopped by a metric over its limit, which claims no error rate", async () => {
    const product = withMetrics(HEAT);
    await at.bake(product);
    at.service.say = () => ({ body: '{"heat":{"A":60,"B":95}}' });
    await at.rest(product);
    expect(stateOf(at.world)).toMatch(/rolling back|rolled back/);
    const abort = at.abort();
    expect(abort?.verdict).toMatchObject({
      guarantee: "smoke",
      reasons: [{ code: "METRIC_LIMIT", stratum: "B" }],
    });
    expect(abort?.stops[0]?.reason).toContain("metric heat: 95 in B");
    expect(at.world.exposed(ATTEMPT).size).toBe(0);
    const found = await at.verified();
    expect(found.problems).toEqual([]);
  });

  it("holds after one bad measurement of three, and goes on after a good one", async () => {
    const product = withMetrics({ ...HEAT, judge: { kind: "limit", above: 80, failures: 3 } });
    await at.bake(product);
    at.service.say = () => ({ body: '{"heat":95}' });
    await at.look(product);
    at.world.advance(MINUTE);
    await at.look(product);
    expect(codes()).toContain("METRIC_LIMIT");
    expect(headRecord(at.world).kind).toBe("start");
    at.service.say = () => ({ body: '{"heat":70}' });
    at.world.advance(MINUTE);
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("promote");
  });

  it("is neither held nor stopped by a metric in shadow, which is measured, judged and recorded", async () => {
    const product = withMetrics({ ...HEAT, mode: "shadow" });
    await at.bake(product);
    at.service.say = () => ({ body: '{"heat":95}' });
    await at.look(product);
    const promoted = headRecord(at.world);
    expect(promoted.kind).toBe("promote");
    expect(promoted.verdict?.metrics).toMatchObject([{ mode: "shadow", kind: "abort" }]);
    expect(promoted.judged?.metrics?.["heat"]).toMatchObject({ state: "measured" });
    at.service.say = () => ({ status: 404 });
    at.world.settle(() => "ok");
    await at.rest(product);
    at.world.advance(4 * HOUR);
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("promote");
    expect(headRecord(at.world).verdict?.metrics).toMatchObject([{ kind: "hold", state: "broken" }]);
  });

  it("is stopped by its failures while the source is dead, without being asked", async () => {
    const product = withMetrics(HEAT);
    await at.rest(product);
    at.world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    at.service.say = () => "never";
    const asked = at.service.asked.length;
    const { steps } = await at.look(product);
    expect(steps[0]).toMatchObject({ kind: "stop" });
    expect(stateOf(at.world)).toBe("rolling back");
    expect(at.service.asked.slice(asked)).toEqual([]);
  });

  it("is stopped by a metric while the hub answers no count", async () => {
    const product = withMetrics(HEAT);
    await at.bake(product);
    at.service.say = () => ({ body: '{"heat":95}' });
    const hub = {
      ...at.world.hub,
      tally: () => Promise.reject(new WavegateError("HUB_FAILED", "the hub answered with 500", { hint: "" })),
    };
    await reconcile(
      product,
      { ...at.world.ports, hubs: [hub], metrics: at.metrics },
      { actor: "test", queryLagMs: 0 },
    );
    expect(at.world.exposed(ATTEMPT).size).toBe(0);
  });

  it("asks only as often as it says, and judges by what it has meanwhile", async () => {
    const product = withMetrics({ ...HEAT, every: "10 minutes" });
    await at.bake(product);
    at.service.asked.length = 0;
    for (let looks = 0; looks < 10; looks++) {
      at.world.advance(5 * MINUTE);
      await at.rest(product);
    }
    // A run that follows at the same instant asks the same again.
    expect(new Set(at.service.asked.map(({ path }) => path)).size).toBe(5);
    expect(at.verdict?.metrics).toMatchObject([{ state: "measured" }]);
  });

  it("holds on data that is too old, by its own instant", async () => {
    const product = withMetrics({ ...HEAT, query: { value: "heat#/heat", at: "heat#/at" } });
    at.service.say = () => ({
      body: JSON.stringify({ heat: 60, at: new Date(at.world.now()).toISOString() }),
    });
    await at.bake(product);
    const old = new Date(at.world.now() - 20 * MINUTE).toISOString();
    at.service.say = () => ({ body: JSON.stringify({ heat: 60, at: old }) });
    await at.look(product);
    expect(codes()[0]).toBe("STALE");
    expect(at.verdict?.reasons[0]?.text).toContain("20 minutes old, 15 minutes is the limit");
    expect(headRecord(at.world).kind).toBe("start");
  });

  it("is not opened further, part by part, while a metric has no data", async () => {
    const { gate } = aRelease("1.1.0");
    const product = declared(
      aRelease("1.1.0", {
        waves: [
          { name: "half", cohort: percent(50), kind: "smoke", pace: { parts: 2, every: "1 hour" } },
          { name: "everyone", cohort: percent(100), kind: "smoke" },
        ],
        gate: { ...gate, metrics: [HEAT] },
      }),
    );
    await at.rest(product);
    at.world.settle(() => "ok");
    at.service.say = () => ({ body: "{}" });
    at.world.advance(2 * HOUR);
    await at.rest(product);
    expect(headRecord(at.world).kind).toBe("start");
    at.service.say = () => ({ body: '{"heat":60}' });
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("widen");
  });

  it("is blocked before its start where the settings lack the source, with what was meant", async () => {
    const product = withMetrics({ ...HEAT, source: "lap" });
    const { problems } = await reconcile(
      product,
      { ...at.world.ports, metrics: at.metrics },
      { actor: "test", queryLagMs: 0 },
    );
    expect(problems).toMatchObject([{ code: "SOURCE_UNKNOWN", hint: 'did you mean "lab"?' }]);
    expect(at.world.configuration(ATTEMPT)).toBeUndefined();
  });
});

describe("a metric over what the devices report", () => {
  const DEGRADED: MetricDeclaration = {
    name: "degraded",
    source: "twins",
    query: "properties.reported.firmware.fwHealth = 'degraded'",
    judge: { kind: "binomial", tolerate: "2%" },
    freshness: "1 hour",
  };

  it("stops a release whose devices are ok and not well, by stratum, with an error rate", async () => {
    const product = withMetrics(DEGRADED);
    await at.bake(product);
    await at.rest(product);
    at.world.settle(() => "ok");
    for (const { deviceId, tags } of at.world.devices.all()) {
      if (!at.world.exposed(ATTEMPT).has(deviceId)) continue;
      const { stratum } = (tags?.["rollout"] ?? {}) as { stratum?: string };
      if (stratum === "B") at.world.devices.mergeReported(deviceId, { firmware: { fwHealth: "degraded" } });
    }
    await at.rest(product);
    expect(stateOf(at.world)).toMatch(/rolling back|rolled back/);
    const abort = at.abort();
    expect(abort?.verdict).toMatchObject({
      guarantee: "statistical",
      reasons: [{ code: "METRIC_RATE", metric: "degraded", stratum: "B" }],
    });
    expect((await at.verified()).problems).toEqual([]);
  });

  it("holds nothing where nobody meets the condition: the hub has counted all of them", async () => {
    const product = withMetrics(DEGRADED);
    await at.bake(product);
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("promote");
  });
});

describe("a forger", () => {
  it.each<[string, RegExp, (record: RolloutRecord) => RolloutRecord]>([
    [
      "who softens what a metric measured is found by the looks",
      /not those of the looks|the gate says/,
      (record) =>
        edited(record, (heat) => ({
          ...heat,
          numbers: { kind: "limit", byStratum: { "*": { value: 1, failing: 0 } } },
        })),
    ],
    [
      "who leaves a metric out is found by the release",
      /not those of the release/,
      (record) =>
        record.judged === undefined ? record : { ...record, judged: { ...record.judged, metrics: {} } },
    ],
    [
      "who says that there was no control is found by the waves",
      /not those of the release/,
      (record) => edited(record, (heat) => ({ ...heat, state: "no control" })),
    ],
  ])("%s", async (_, pattern, change) => {
    const product = withMetrics(HEAT);
    await at.bake(product);
    await at.look(product);
    const contents = readStored(await at.world.ports.records.contents("thermostat"));
    const head = [...contents.records.values()].find(({ kind }) => kind === "promote");
    if (head === undefined) throw new Error("nothing was promoted");
    const forged = change(head);
    const records = new Map([...contents.records].filter(([, record]) => record !== head));
    records.set(digestOf(forged), forged);
    const marks = new Map([...contents.marks].map(([hub]) => [hub, digestOf(forged)]));
    const found = verifyStore({ ...contents, records, marks });
    expect(found.problems.map(({ summary }) => summary).join("\n")).toMatch(pattern);
  });
});

type Known = NonNullable<NonNullable<RolloutRecord["judged"]>["metrics"]>[string];

function edited(record: RolloutRecord, change: (heat: Known) => Known): RolloutRecord {
  const heat = record.judged?.metrics?.["heat"];
  if (record.judged === undefined || heat === undefined) return record;
  return { ...record, judged: { ...record.judged, metrics: { heat: change(heat) } } };
}
