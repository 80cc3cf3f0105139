import { describe, expect, it } from "vitest";
import { reconcile } from "../../../rollout/reconcile/reconcile.ts";
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
});
