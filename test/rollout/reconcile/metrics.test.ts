import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpJson } from "../../../rollout/adapters/metrics/http-json.ts";
import { metricSources } from "../../../rollout/adapters/metrics/metric-sources.ts";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { digestOf } from "../../../rollout/model/digest.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { Verdict } from "../../../rollout/model/verdict.ts";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import type { MetricPort } from "../../../rollout/reconcile/ports.ts";
import { percent, ring, type MetricDeclaration } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { startNumberService, type NumberService } from "../../support/number-service.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, stateOf } from "./in-canary.ts";

// Whole rollouts over the local hub's own engine; the numbers come over HTTP, from a service on loopback.

const MINUTE = 60_000;
const HEAT: MetricDeclaration = {
  name: "heat",
  source: "lab",
  query: "heat?attempt={{attempt}}&until={{until}}#/heat",
  judge: { kind: "limit", above: 80 },
  freshness: "15 minutes",
};
const WAVES = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "half", cohort: percent(50), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke" },
] as const;

function withMetrics(...metrics: readonly MetricDeclaration[]): Declared {
  const { gate } = aRelease("1.1.0");
  return declared(aRelease("1.1.0", { waves: WAVES, gate: { ...gate, metrics }, holdOut: "10%" }));
}

let service: NumberService;
let world: World;
let metrics: MetricPort;
let verdict: Verdict | undefined;

beforeEach(async () => {
  service = await startNumberService(() => ({ body: JSON.stringify({ heat: 60 }) }));
  world = createWorld({ devices: aFleet(60), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
  metrics = metricSources({ lab: { ask: httpJson({ url: service.url }), timeoutMs: 2_000 } });
});
afterEach(async () => {
  await service[Symbol.asyncDispose]();
});

async function look(product: Declared): Promise<ReconcileResult> {
  verdict = undefined;
  const result = await reconcile(
    product,
    { ...world.ports, metrics },
    {
      actor: "test",
      queryLagMs: 0,
      onEvent: (event) => {
        if (event.kind === "judged" && event.judgement.kind !== "unanswered")
          verdict = event.judgement.verdict;
      },
    },
  );
  expect(result.problems).toBeUndefined();
  return result;
}

async function rest(product: Declared): Promise<ReconcileResult> {
  for (;;) {
    const result = await look(product);
    if (result.steps.length === 0) return result;
  }
}

/** The canary has made contact, has baked, and every device of it is ok. */
async function baked(product: Declared): Promise<void> {
  await rest(product);
  world.settle(() => "ok");
  await rest(product);
  world.advance(4 * HOUR);
}

const codes = (): readonly string[] => (verdict?.reasons ?? []).map(({ code }) => code);

describe("a release with a metric", () => {
  it("goes on while the metric is well, completes, and is verified from its records alone", async () => {
    const product = withMetrics(HEAT);
    await baked(product);
    for (let wave = 0; wave < 3; wave++) {
      await rest(product);
      world.settle(() => "ok");
      await rest(product);
      world.advance(4 * HOUR);
    }
    await rest(product);
    expect(stateOf(world)).toBe("watching");
    expect(verdict?.metrics).toMatchObject([{ name: "heat", kind: "pass", state: "measured" }]);
    const found = verifyStore(readStored(await world.ports.records.contents("thermostat")));
    expect(found.problems).toEqual([]);
    expect(found.steps.filter(({ rejudged }) => rejudged)).toHaveLength(3);
    const [asked] = service.asked;
    expect(asked?.path).toMatch(new RegExp(`^/heat\\?attempt=${ATTEMPT}&until=2026-01-01T`));
  });

  it.each<[string, string, () => void]>([
    ["has no data", "NO_DATA", () => (service.say = () => ({ body: "{}" }))],
    ["says NaN", "NO_DATA", () => (service.say = () => ({ body: '{"heat":"NaN"}' }))],
    ["answers with errors", "SOURCE_BROKEN", () => (service.say = () => ({ status: 503 }))],
    ["answers with something else", "SOURCE_BROKEN", () => (service.say = () => ({ body: "<html>" }))],
    ["is not in the settings", "SOURCE_BROKEN", () => (metrics = { ...metricSources({}), sources: ["lab"] })],
  ])("holds while the source %s (%s), and goes on with its first answer", async (_, code, fail) => {
    const product = withMetrics(HEAT);
    const sources = metrics;
    const say = service.say;
    await baked(product);
    fail();
    for (let looks = 0; looks < 3; looks++) {
      const { status } = await look(product);
      expect(headRecord(world).kind).toBe("start");
      expect(codes()[0]).toBe(code);
      expect(status?.text).toContain("no-data policy: hold");
      world.advance(HOUR);
    }
    [service.say, metrics] = [say, sources];
    await look(product);
    expect(headRecord(world)).toMatchObject({ kind: "promote" });
  });

  it("is stopped by a metric over its limit, which claims no error rate", async () => {
    const product = withMetrics(HEAT);
    await baked(product);
    service.say = () => ({ body: '{"heat":{"A":60,"B":95}}' });
    await rest(product);
    expect(stateOf(world)).toMatch(/rolling back|rolled back/);
    const abort = [...world.records.values()].find(({ kind }) => kind === "abort");
    expect(abort?.verdict).toMatchObject({
      guarantee: "smoke",
      reasons: [{ code: "METRIC_LIMIT", stratum: "B" }],
    });
    expect(abort?.stops[0]?.reason).toContain("metric heat: 95 in B");
    expect(world.exposed(ATTEMPT).size).toBe(0);
    const found = verifyStore(readStored(await world.ports.records.contents("thermostat")));
    expect(found.problems).toEqual([]);
  });

  it("holds after one bad measurement of three, and goes on after a good one", async () => {
    const product = withMetrics({ ...HEAT, judge: { kind: "limit", above: 80, failures: 3 } });
    await baked(product);
    service.say = () => ({ body: '{"heat":95}' });
    await look(product);
    world.advance(MINUTE);
    await look(product);
    expect(codes()).toContain("METRIC_LIMIT");
    expect(headRecord(world).kind).toBe("start");
    service.say = () => ({ body: '{"heat":70}' });
    world.advance(MINUTE);
    await look(product);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("is neither held nor stopped by a metric in shadow, which is measured, judged and recorded", async () => {
    const product = withMetrics({ ...HEAT, mode: "shadow" });
    await baked(product);
    service.say = () => ({ body: '{"heat":95}' });
    await look(product);
    const promoted = headRecord(world);
    expect(promoted.kind).toBe("promote");
    expect(promoted.verdict?.metrics).toMatchObject([{ mode: "shadow", kind: "abort" }]);
    expect(promoted.judged?.metrics?.["heat"]).toMatchObject({ state: "measured" });
    service.say = () => ({ status: 404 });
    world.settle(() => "ok");
    await rest(product);
    world.advance(4 * HOUR);
    await look(product);
    expect(headRecord(world).kind).toBe("promote");
    expect(headRecord(world).verdict?.metrics).toMatchObject([{ kind: "hold", state: "broken" }]);
  });

  it("is stopped by its failures while the source is dead, without being asked", async () => {
    const product = withMetrics(HEAT);
    await rest(product);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    service.say = () => "never";
    const asked = service.asked.length;
    const { steps } = await look(product);
    expect(steps[0]).toMatchObject({ kind: "stop" });
    expect(stateOf(world)).toBe("rolling back");
    expect(service.asked.slice(asked)).toEqual([]);
  });

  it("is stopped by a metric while the hub answers no count", async () => {
    const product = withMetrics(HEAT);
    await baked(product);
    service.say = () => ({ body: '{"heat":95}' });
    const hub = {
      ...world.hub,
      tally: () => Promise.reject(new WavegateError("HUB_FAILED", "the hub answered with 500", { hint: "" })),
    };
    await reconcile(product, { ...world.ports, hubs: [hub], metrics }, { actor: "test", queryLagMs: 0 });
    expect(world.exposed(ATTEMPT).size).toBe(0);
  });

  it("asks only as often as it says, and judges by what it has meanwhile", async () => {
    const product = withMetrics({ ...HEAT, every: "10 minutes" });
    await baked(product);
    service.asked.length = 0;
    for (let looks = 0; looks < 10; looks++) {
      world.advance(5 * MINUTE);
      await rest(product);
    }
    // A run that follows at the same instant asks the same again.
    expect(new Set(service.asked.map(({ path }) => path)).size).toBe(5);
    expect(verdict?.metrics).toMatchObject([{ state: "measured" }]);
  });

  it("holds on data that is too old, by its own instant", async () => {
    const product = withMetrics({ ...HEAT, query: { value: "heat#/heat", at: "heat#/at" } });
    service.say = () => ({ body: JSON.stringify({ heat: 60, at: new Date(world.now()).toISOString() }) });
    await baked(product);
    const old = new Date(world.now() - 20 * MINUTE).toISOString();
    service.say = () => ({ body: JSON.stringify({ heat: 60, at: old }) });
    await look(product);
    expect(codes()[0]).toBe("STALE");
    expect(verdict?.reasons[0]?.text).toContain("20 minutes old, 15 minutes is the limit");
    expect(headRecord(world).kind).toBe("start");
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
    await rest(product);
    world.settle(() => "ok");
    service.say = () => ({ body: "{}" });
    world.advance(2 * HOUR);
    await rest(product);
    expect(headRecord(world).kind).toBe("start");
    service.say = () => ({ body: '{"heat":60}' });
    await look(product);
    expect(headRecord(world).kind).toBe("widen");
  });

  it("is blocked before its start where the settings lack the source, with what was meant", async () => {
    const product = withMetrics({ ...HEAT, source: "lap" });
    const { problems } = await reconcile(
      product,
      { ...world.ports, metrics },
      { actor: "test", queryLagMs: 0 },
    );
    expect(problems).toMatchObject([{ code: "SOURCE_UNKNOWN", hint: 'did you mean "lab"?' }]);
    expect(world.configuration(ATTEMPT)).toBeUndefined();
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
    await baked(product);
    await rest(product);
    world.settle(() => "ok");
    for (const { deviceId, tags } of world.devices.all()) {
      if (!world.exposed(ATTEMPT).has(deviceId)) continue;
      const { stratum } = (tags?.["rollout"] ?? {}) as { stratum?: string };
      if (stratum === "B") world.devices.mergeReported(deviceId, { firmware: { fwHealth: "degraded" } });
    }
    await rest(product);
    expect(stateOf(world)).toMatch(/rolling back|rolled back/);
    const abort = [...world.records.values()].find(({ kind }) => kind === "abort");
    expect(abort?.verdict).toMatchObject({
      guarantee: "statistical",
      reasons: [{ code: "METRIC_RATE", metric: "degraded", stratum: "B" }],
    });
    expect(verifyStore(readStored(await world.ports.records.contents("thermostat"))).problems).toEqual([]);
  });

  it("holds nothing where nobody meets the condition: the hub has counted all of them", async () => {
    const product = withMetrics(DEGRADED);
    await baked(product);
    await look(product);
    expect(headRecord(world).kind).toBe("promote");
  });
});

describe("a rate ratio against the hold-out", () => {
  const CRASHES: MetricDeclaration = {
    name: "crashes",
    source: "lab",
    query: {
      treated: "c#/treated",
      treatedExposure: "c#/hoursT",
      control: "c?from={{controlFrom}}&to={{controlTo}}#/control",
      controlExposure: "c#/hoursC",
    },
    judge: { kind: "rate ratio", tolerate: 1.2 },
    freshness: "1 hour",
  };
  let sums = { treated: 0, control: 0, hoursT: 10, hoursC: 100 };
  const tell = (): void => {
    service.say = () => ({ body: JSON.stringify(sums) });
  };
  beforeEach(() => {
    sums = { treated: 7, control: 900, hoursT: 10, hoursC: 100 };
    tell();
  });

  it("stops a release that crashes ten times as often, and not one that crashes as the others do", async () => {
    const product = withMetrics(CRASHES);
    await rest(product);
    world.settle(() => "ok");
    for (let looks = 0; looks < 5; looks++) {
      await rest(product);
      world.advance(5 * MINUTE);
      sums = {
        treated: sums.treated + 1,
        control: sums.control + 20,
        hoursT: sums.hoursT + 5,
        hoursC: sums.hoursC + 100,
      };
    }
    expect(stateOf(world)).toBe("running");
    for (let looks = 0; looks < 5 && stateOf(world) === "running"; looks++) {
      sums = {
        treated: sums.treated + 10,
        control: sums.control + 20,
        hoursT: sums.hoursT + 5,
        hoursC: sums.hoursC + 100,
      };
      world.advance(5 * MINUTE);
      await rest(product);
    }
    expect(stateOf(world)).toMatch(/rolling back|rolled back/);
    const abort = [...world.records.values()].find(({ kind }) => kind === "abort");
    expect(abort?.verdict).toMatchObject({ guarantee: "statistical", reasons: [{ code: "METRIC_RATIO" }] });
    expect(verifyStore(readStored(await world.ports.records.contents("thermostat"))).problems).toEqual([]);
  });

  it("holds on counts that shrank, and goes on once they are beyond what they were", async () => {
    const product = withMetrics(CRASHES);
    await baked(product);
    sums = { ...sums, control: 3 };
    await look(product);
    expect(codes()[0]).toBe("DATA_QUALITY");
    expect(headRecord(world).kind).toBe("start");
    sums = { treated: 7, control: 901, hoursT: 20, hoursC: 200 };
    world.advance(5 * MINUTE);
    await look(product);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("says in the last wave that no control is left, and neither holds nor stops", async () => {
    const product = withMetrics(CRASHES);
    await baked(product);
    await rest(product);
    world.settle(() => "ok");
    await rest(product);
    world.advance(4 * HOUR);
    sums = { ...sums, control: 901, hoursT: 20, hoursC: 200 };
    await look(product);
    expect(headRecord(world).kind).toBe("promote");
    service.say = () => ({ status: 500 });
    service.asked.length = 0;
    world.settle(() => "ok");
    await rest(product);
    world.advance(4 * HOUR);
    await rest(product);
    expect(stateOf(world)).toBe("watching");
    expect(service.asked).toEqual([]);
    expect(verdict?.metrics?.[0]).toMatchObject({ state: "no control", kind: "pass" });
    expect(verdict?.metrics?.[0]?.text).toContain("no control left");
    expect(verifyStore(readStored(await world.ports.records.contents("thermostat"))).problems).toEqual([]);
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
    await baked(product);
    await look(product);
    const contents = readStored(await world.ports.records.contents("thermostat"));
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
