import { describe, expect, it } from "vitest";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { readStored } from "../../../rollout/adapters/read-stored.ts";
import { verifyStore } from "../../../rollout/engine/verify/verify-store.ts";
import { aRelease, declared } from "../../support/declarations.ts";
import { ATTEMPT, aWorld, headRecord, HOUR, PRODUCT, rest, stateOf } from "./in-canary.ts";

// A device that dies after the update stays "proceeding" for ever, and so does its rollout (hawkbit#693).

const MINUTE = 60_000;
const LAG = { actor: "cron", queryLagMs: 35 * MINUTE };

describe("devices that make contact and never answer again", () => {
  it("are failures at the first look after their deadline and the queries' lag, and not before", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(() => "silent");
    const contacted = world.now();
    const due = contacted + 3 * HOUR + LAG.queryLagMs;
    while (world.now() < due) {
      await reconcile(PRODUCT, world.ports, LAG);
      expect(world.exposed(ATTEMPT).size).toBe(6);
      world.advance(5 * MINUTE);
    }
    await reconcile(PRODUCT, world.ports, LAG);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(headRecord(world)).toMatchObject({ kind: "abort", actor: "gate" });
    expect(headRecord(world).reason).toMatch(/6 silent|silent.*6/);
  });

  it("never hold the taking back up for ever: who is no longer active is not waited for", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(() => "silent");
    await rest(world);
    world.advance(4 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
    world.advance(40 * 24 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("rolled back");
  });
});

describe("devices that never make contact at all", () => {
  it("promote nothing, and are told to a person when the patience is over", async () => {
    const world = aWorld();
    await rest(world);
    world.advance(13 * 24 * HOUR);
    expect((await rest(world)).status).toMatchObject({ phase: "contacting", needsPerson: false });
    world.advance(2 * 24 * HOUR);
    expect((await rest(world)).status).toMatchObject({ needsPerson: true });
    expect(world.exposed(ATTEMPT).size).toBe(6);
  });

  it("are evidence of their own after two check-ins: held for a person, never taken back", async () => {
    const patient = declared(
      aRelease("1.1.0", {
        waves: [
          { name: "canary", cohort: ring("canary"), kind: "smoke" },
          { name: "everyone", cohort: percent(100), kind: "smoke" },
        ],
        gate: { ...aRelease("1.1.0").gate, patience: "60 days" },
      }),
    );
    const world = aWorld();
    await rest(world, patient);
    world.advance(14 * 24 * HOUR - MINUTE);
    expect((await rest(world, patient)).status).toMatchObject({ needsPerson: false });
    world.advance(MINUTE);
    const { status } = await rest(world, patient);
    expect(status).toMatchObject({ needsPerson: true });
    expect(status?.text).toMatch(/no contact from 6 of 6 \(100%\) recently active devices of A in 14 days/);
    expect([stateOf(world), world.exposed(ATTEMPT).size]).toEqual(["running", 6]);
    // They come after all: nothing is latched.
    world.settle(() => "ok");
    await rest(world, patient);
    world.advance(4 * HOUR);
    await rest(world, patient);
    expect(world.exposed(ATTEMPT).size).toBe(24);
  });
});

describe("a stratum with a deadline of its own", () => {
  it("that has no device is told by the plan, with the one that was meant", async () => {
    const gate = {
      ...aRelease("1.1.0").gate,
      deadline: { default: "3 hours", strata: { AB: "3 hours" } },
    } as const;
    const { plan } = await observeProduct(declared(aRelease("1.1.0", { gate })), {
      ...aWorld().ports,
      settings: { queryLag: 0 },
    });
    expect(plan.kind === "known" ? plan.value.problems : []).toContainEqual({
      severity: "warning",
      code: "DEADLINE_UNUSED",
      path: "releases/thermostat-1.1.0.ts: gate.deadline.strata.AB",
      summary: 'no device of thermostat is in the stratum "AB"',
      hint: 'did you mean "A"?',
    });
  });

  it("is silent by its own, waited for by every wave, and verified by its own", async () => {
    const product = declared(
      aRelease("1.1.0", {
        waves: [{ name: "everyone", cohort: percent(100), kind: "smoke" }],
        gate: {
          ...aRelease("1.1.0").gate,
          deadline: { default: "3 hours", strata: { B: "30 hours" } },
          bake: "30 hours",
        },
      }),
    );
    const world = aWorld();
    await rest(world, product);
    world.settle(({ stratum }) => (stratum === "B" ? "silent" : "ok"));
    for (let hour = 0; hour < 30; hour++) {
      await rest(world, product);
      expect(stateOf(world)).toBe("running");
      world.advance(HOUR);
    }
    await rest(world, product);
    expect(headRecord(world)).toMatchObject({ kind: "abort", actor: "gate" });
    expect(headRecord(world).reason).toMatch(/12 of 12 fell silent in B/);
    expect(verifyStore(readStored(await world.ports.records.contents("thermostat"))).problems).toEqual([]);
  });
});
