import { describe, expect, it } from "vitest";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import { retry } from "../../../rollout/reconcile/retry.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import { digestOfRelease } from "../../../rollout/model/release.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { aFleet, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type World } from "../../support/world.ts";
import { ATTEMPT, aWorld, headRecord, HOUR, PRODUCT, rest } from "./in-canary.ts";

const CANARY = [
  { name: "canary", cohort: ring("canary"), kind: "smoke" },
  { name: "everyone", cohort: percent(100), kind: "smoke" },
] as const;

/** A run of a schedule that only carries on. */
async function carriedOn(world: World): Promise<ReconcileResult> {
  const result = await reconcile(PRODUCT, world.ports, { actor: "cron", queryLagMs: 0, startsNothing: true });
  expect(result.problems).toBeUndefined();
  return result;
}

describe("a run that starts nothing", () => {
  it("adopts what runs, and leaves a new release to apply", async () => {
    const world = aWorld();
    const { status } = await carriedOn(world);
    expect(status).toMatchObject({
      phase: "waiting",
      text: "1.1.0 waits: this run starts nothing: wavegate apply thermostat",
      needsPerson: false,
    });
    expect(headRecord(world).kind).toBe("adopt");
    expect(world.configuration(ATTEMPT)).toBeUndefined();
  });

  it("carries on what was applied, stops it, takes it back, and starts what a person retries", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(() => "ok");
    world.advance(HOUR);
    await carriedOn(world);
    world.advance(4 * HOUR);
    await carriedOn(world);
    expect(headRecord(world)).toMatchObject({ kind: "promote", subject: ATTEMPT, actor: "cron" });
    await stopRelease({ kind: "abort", product: "thermostat", actor: "ada", reason: "bad" }, world.ports);
    await carriedOn(world);
    world.settle(() => "ok");
    world.advance(HOUR);
    world.settle(() => "ok");
    await carriedOn(world);
    expect(headRecord(world).kind).toBe("rolled back");
    await retry(PRODUCT, world.ports, { actor: "ada", queryLagMs: 0, reason: "again", failed: false });
    await carriedOn(world);
    expect(headRecord(world)).toMatchObject({ kind: "start", subject: "fw--thermostat--1-1-0--2" });
  });
});

describe("a run that carries a saved plan out", () => {
  it("starts the release of that plan, and no other that is wanted when it was stopped", async () => {
    const world = createWorld({
      devices: aFleet(24),
      version: "1.0.0",
      images: imagesOf("1.0.0", "1.1.0", "1.2.0"),
    });
    const both = declared(aRelease("1.1.0", { waves: CANARY }), aRelease("1.2.0", { waves: CANARY }));
    const planned = both.releases.find(({ release }) => release.version === "1.2.0");
    if (planned === undefined) throw new Error("1.2.0 is not declared");
    const carriedOut = () =>
      reconcile(both, world.ports, {
        ...{ actor: "ci", queryLagMs: 0, starts: digestOfRelease(planned.release) },
      });
    await carriedOut();
    expect(headRecord(world)).toMatchObject({ kind: "start", subject: "fw--thermostat--1-2-0--1" });
    await stopRelease({ kind: "abort", product: "thermostat", actor: "ada", reason: "bad" }, world.ports);
    await carriedOut();
    world.settle(() => "ok");
    world.advance(HOUR);
    world.settle(() => "ok");
    const { status } = await carriedOut();
    expect(headRecord(world).kind).toBe("rolled back");
    expect(status).toMatchObject({
      phase: "idle",
      text: "1.1.0 waits: the plan that is carried out does not start it: plan again",
    });
    await rest(world, both);
    expect(world.configuration(ATTEMPT)).toBeDefined();
  });
});
