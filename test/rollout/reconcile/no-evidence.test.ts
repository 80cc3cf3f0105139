import { describe, expect, it } from "vitest";
import type { Tally } from "../../../rollout/model/look.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, aWorld, headRecord, HOUR, inCanary, PRODUCT, rest, stateOf } from "./in-canary.ts";

// A run was "Successful" though each of its measurements was an error (argo-rollouts#4479), and one with an empty result
// panicked (argo-rollouts#1466). Absence of data is never a promotion, and never a stop.

type Tallies = HubPort["tally"];

const SILENT_HUB: Record<string, Tallies> = {
  "an error": () => {
    throw new WavegateError("HUB_FAILED", "the hub answered with 500", { hint: "" });
  },
  "an empty answer": () => Promise.resolve({}),
  zeros: () => Promise.resolve({ A: { ok: 0, failed: 0, contacted: 0 } }),
};

function lookBy(world: World, tally: Tallies, queryLagMs = 0): Promise<ReconcileResult> {
  const ports = { ...world.ports, hubs: [{ ...world.hub, tally }] };
  return reconcile(PRODUCT, ports, { actor: "cron", queryLagMs });
}

describe.each(Object.entries(SILENT_HUB))("a gate that gets %s to every count", (_what, tally) => {
  it("promotes nothing and stops nothing in ten days, and goes on with the first answer", async () => {
    const world = await inCanary();
    for (let looks = 0; looks < 60; looks++) {
      world.advance(4 * HOUR);
      await lookBy(world, tally);
      expect(headRecord(world).kind).toBe("start");
    }
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await rest(world);
    world.advance(4 * HOUR);
    await rest(world);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("does not promote on what it knew before, either", async () => {
    const world = await inCanary();
    await rest(world); // All six are counted as ok.
    for (let looks = 0; looks < 10; looks++) {
      world.advance(4 * HOUR);
      await lookBy(world, tally);
    }
    expect(headRecord(world).kind).toBe("start");
    expect(stateOf(world)).toBe("running");
  });
});

const MINUTE = 60_000;
const LAG = 35 * MINUTE;

/** Counts as they were half an hour ago. */
function stale(world: World): Tallies {
  const seen: { at: number; query: string; byStratum: Readonly<Record<string, Tally>> }[] = [];
  return async (query) => {
    seen.push({ at: world.now(), query: query.grouped, byStratum: await world.hub.tally(query) });
    const old = seen.findLast((one) => one.query === query.grouped && one.at <= world.now() - 30 * MINUTE);
    return old?.byStratum ?? {};
  };
}

describe("queries that answer what was true half an hour ago (azure-iot-sdk-node#899)", () => {
  it("make no device silent that answered within its deadline", async () => {
    const world = aWorld();
    const tally = stale(world);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await lookBy(world, tally, LAG);
    world.settle(() => "silent");
    const contacted = world.now();
    for (let looks = 0; looks < 8 * 12; looks++) {
      await lookBy(world, tally, LAG);
      world.advance(5 * MINUTE);
      if (world.now() !== contacted + 3 * HOUR - 5 * MINUTE) continue;
      for (const deviceId of world.exposed(ATTEMPT))
        world.devices.mergeReported(deviceId, { firmware: { outcome: "ok" } });
    }
    expect(stateOf(world)).toBe("running");
    expect(headRecord(world)).toMatchObject({ kind: "promote" });
  });

  it("delay a stop by no more than they lag", async () => {
    const world = aWorld();
    const tally = stale(world);
    await rest(world);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    await lookBy(world, tally, LAG);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    const failedAt = world.now();
    while (world.exposed(ATTEMPT).size > 0 && world.now() < failedAt + 2 * HOUR) {
      await lookBy(world, tally, LAG);
      world.advance(5 * MINUTE);
    }
    expect(world.exposed(ATTEMPT).size).toBe(0);
    expect(world.now() - failedAt).toBeLessThanOrEqual(LAG);
  });

  it("end no taking back: nobody counted is no news before the lag is over", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(({ version }) => (version === "1.1.0" ? "failed" : "ok"));
    const hub = { ...world.hub, count: () => Promise.resolve({}) };
    const look = (): Promise<ReconcileResult> =>
      reconcile(PRODUCT, { ...world.ports, hubs: [hub] }, { actor: "cron", queryLagMs: LAG });
    await look();
    expect(stateOf(world)).toBe("rolling back");
    world.advance(44 * MINUTE);
    await look();
    expect(stateOf(world)).toBe("rolling back");
    world.advance(MINUTE);
    await look();
    expect(stateOf(world)).toBe("rolled back");
  });
});
