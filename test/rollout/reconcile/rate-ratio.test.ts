import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MetricDeclaration } from "../../../rollout/wavegate.ts";
import { headRecord, HOUR, stateOf } from "./in-canary.ts";
import { metricStage, withMetrics, type Stage } from "./metric-stage.ts";

const MINUTE = 60_000;

let at: Stage;
beforeEach(async () => {
  at = await metricStage();
});
afterEach(() => at[Symbol.asyncDispose]());

const codes = (): readonly string[] => (at.verdict?.reasons ?? []).map(({ code }) => code);

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
    at.service.say = () => ({ body: JSON.stringify(sums) });
  };
  beforeEach(() => {
    sums = { treated: 7, control: 900, hoursT: 10, hoursC: 100 };
    tell();
  });

  it("stops a release that crashes ten times as often, and not one that crashes as the others do", async () => {
    const product = withMetrics(CRASHES);
    await at.rest(product);
    at.world.settle(() => "ok");
    for (let looks = 0; looks < 5; looks++) {
      await at.rest(product);
      at.world.advance(5 * MINUTE);
      sums = {
        treated: sums.treated + 1,
        control: sums.control + 20,
        hoursT: sums.hoursT + 5,
        hoursC: sums.hoursC + 100,
      };
    }
    expect(stateOf(at.world)).toBe("running");
    for (let looks = 0; looks < 5 && stateOf(at.world) === "running"; looks++) {
      sums = {
        treated: sums.treated + 10,
        control: sums.control + 20,
        hoursT: sums.hoursT + 5,
        hoursC: sums.hoursC + 100,
      };
      at.world.advance(5 * MINUTE);
      await at.rest(product);
    }
    expect(stateOf(at.world)).toMatch(/rolling back|rolled back/);
    const abort = at.abort();
    expect(abort?.verdict).toMatchObject({ guarantee: "statistical", reasons: [{ code: "METRIC_RATIO" }] });
    expect((await at.verified()).problems).toEqual([]);
  });

  it("holds on counts that shrank, and goes on once they are beyond what they were", async () => {
    const product = withMetrics(CRASHES);
    await at.bake(product);
    sums = { ...sums, control: 3 };
    await at.look(product);
    expect(codes()[0]).toBe("DATA_QUALITY");
    expect(headRecord(at.world).kind).toBe("start");
    sums = { treated: 7, control: 901, hoursT: 20, hoursC: 200 };
    at.world.advance(5 * MINUTE);
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("promote");
  });

  it("says in the last wave that no control is left, and neither holds nor stops", async () => {
    const product = withMetrics(CRASHES);
    await at.bake(product);
    await at.rest(product);
    at.world.settle(() => "ok");
    await at.rest(product);
    at.world.advance(4 * HOUR);
    sums = { ...sums, control: 901, hoursT: 20, hoursC: 200 };
    await at.look(product);
    expect(headRecord(at.world).kind).toBe("promote");
    at.service.say = () => ({ status: 500 });
    at.service.asked.length = 0;
    at.world.settle(() => "ok");
    await at.rest(product);
    at.world.advance(4 * HOUR);
    await at.rest(product);
    expect(stateOf(at.world)).toBe("watching");
    expect(at.service.asked).toEqual([]);
    expect(at.verdict?.metrics?.[0]).toMatchObject({ state: "no control", kind: "pass" });
    expect(at.verdict?.metrics?.[0]?.text).toContain("no control left");
    expect((await at.verified()).problems).toEqual([]);
  });
});
