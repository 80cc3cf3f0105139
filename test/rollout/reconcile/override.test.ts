import { describe, expect, it } from "vitest";
import type { Declared } from "../../../rollout/plan/declared.ts";
import { override, type Overridden } from "../../../rollout/reconcile/override.ts";
import { resume } from "../../../rollout/reconcile/resume.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, rest, stateOf } from "./in-canary.ts";
import { failOne, loseOne, seenEvidence as evidence, STRICT as PRODUCT, stuck } from "./stuck-wave.ts";

function decide(
  world: World,
  digest: string,
  more: { wave?: string; forMs?: number } = {},
): Promise<Overridden> {
  return override(PRODUCT, world.ports, {
    actor: "alice",
    queryLagMs: 0,
    wave: "canary",
    evidence: digest,
    reason: "that one is in a drawer",
    forMs: 2 * HOUR,
    ...more,
  });
}

describe("an override", () => {
  it("promotes a wave that holds, by the counts a person saw, and says whose decision that was", async () => {
    const world = await stuck();
    expect((await rest(world, PRODUCT)).status?.text).toContain("5 of 6 devices made contact");
    await decide(world, (await evidence(world)).slice(0, 12));
    expect([...world.records.values()].slice(-2).map(({ kind }) => kind)).toEqual(["override", "promote"]);
    const { verdict } = headRecord(world);
    expect(verdict).toMatchObject({ kind: "promote", guarantee: "overridden" });
    expect(verdict?.reasons.map(({ code }) => code)).toEqual(["OVERRIDDEN", "COVERAGE"]);
    expect(verdict?.reasons[0]?.text).toContain("alice overrides the gate");
    expect(world.exposed(ATTEMPT).size).toBeGreaterThan(5);
  });

  it("is good for one wave: the next holds again", async () => {
    const world = await stuck();
    await decide(world, await evidence(world));
    loseOne(world);
    world.settle(() => "ok");
    world.advance(30 * HOUR);
    expect((await rest(world, PRODUCT)).steps).toEqual([]);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("is refused for counts that are others by now", async () => {
    const world = await stuck();
    const seen = await evidence(world);
    failOne(world);
    await expect(decide(world, seen)).rejects.toMatchObject({ code: "EVIDENCE_CHANGED" });
    await expect(decide(world, "")).rejects.toMatchObject({ code: "EVIDENCE_CHANGED" });
    expect(headRecord(world).kind).toBe("start");
  });

  it("is void when the counts change before it could act, and when its time is over", async () => {
    for (const happens of ["counts", "time", "clock back"] as const) {
      const world = await stuck();
      // Held meanwhile: recorded, and nothing can be promoted yet.
      const stop = { kind: "hold", product: "thermostat", actor: "bob", reason: "wait" } as const;
      await stopRelease(stop, world.ports);
      await rest(world, PRODUCT);
      await decide(world, await evidence(world));
      expect(stateOf(world)).toBe("held");
      if (happens === "counts") failOne(world);
      if (happens === "time") world.advance(2 * HOUR);
      if (happens === "clock back") world.advance(-HOUR);
      await resume(PRODUCT, world.ports, { actor: "bob", queryLagMs: 0, reason: "go" });
      await rest(world, PRODUCT);
      expect(headRecord(world).kind).toBe("resume");
      expect(world.exposed(ATTEMPT).size).toBe(5);
    }
  });

  it("never stands over an abort: the harm cap stops a release that was overridden", async () => {
    const world = await stuck();
    const [, ...others] = world.exposed(ATTEMPT);
    for (const deviceId of others.slice(0, 3))
      world.devices.mergeReported(deviceId, { firmware: { outcome: "failed" } });
    await expect(decide(world, await evidence(world))).rejects.toMatchObject({ code: "NOTHING_TO_OVERRIDE" });
    await rest(world, PRODUCT);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("is refused where there is nothing to override", async () => {
    const world = await stuck();
    const digest = await evidence(world);
    await expect(decide(world, digest, { wave: "half" })).rejects.toThrow('the open wave is "canary"');
    await stopRelease({ kind: "abort", product: "thermostat", actor: "operator", reason: "no" }, world.ports);
    await expect(decide(world, digest)).rejects.toMatchObject({ code: "NOTHING_TO_OVERRIDE" });
  });

  it("opens nothing that the calendar keeps shut", async () => {
    const world = await stuck();
    const freeze = { from: world.now(), until: world.now() + HOUR, reason: "no", except: [] };
    const frozen: Declared = { ...PRODUCT, fleet: { ...PRODUCT.fleet, freezes: [freeze] } };
    const digest = await evidence(world);
    await override(frozen, world.ports, {
      actor: "alice",
      queryLagMs: 0,
      wave: "canary",
      evidence: digest,
      reason: "drawer",
      forMs: 2 * HOUR,
    });
    expect(world.exposed(ATTEMPT).size).toBe(5);
    world.advance(HOUR);
    await rest(world, frozen);
    expect(world.exposed(ATTEMPT).size).toBeGreaterThan(5);
  });
});
