import { describe, expect, it } from "vitest";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, headRecord, HOUR, inCanary, PRODUCT, rest, stateOf } from "./in-canary.ts";
import { reconcile, type ReconcileResult } from "../../../rollout/reconcile/reconcile.ts";

/** One run, while the hub does not answer what is asked of the open wave. */
function lookWithoutWaveView(world: World): Promise<ReconcileResult> {
  const { hub } = world;
  const tally: typeof hub.tally = (query) => {
    if (query.grouped.includes("contactedAt"))
      throw new WavegateError("HUB_THROTTLED", "the hub is limiting our calls", { hint: "" });
    return hub.tally(query);
  };
  const ports = { ...world.ports, hubs: [{ ...hub, tally }] };
  return reconcile(PRODUCT, ports, { actor: "test", queryLagMs: 0 });
}

async function seriesOf(world: World): Promise<number> {
  return (await world.ports.records.looks("thermostat", ATTEMPT)).length;
}

describe("a look that the hub answered in part", () => {
  it("promotes nothing, says what is missing, and is not kept; the next whole one promotes", async () => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    const before = await seriesOf(world);
    const { steps, status } = await lookWithoutWaveView(world);
    expect(steps).toEqual([]);
    expect(status?.text).toMatch(/HUB_THROTTLED.*\(contacts of this wave\).*nothing is promoted/);
    expect(await seriesOf(world)).toBe(before);
    await rest(world);
    expect(headRecord(world).kind).toBe("promote");
  });

  it("stops a release by the failures that it did count", async () => {
    const world = await inCanary();
    world.advance(HOUR);
    // Everyone who was well falls ill: `ok` may become `failed`.
    for (const device of [...world.devices.all()]) {
      const { rolloutId } = (device.reported.value["firmware"] ?? {}) as { rolloutId?: string };
      if (rolloutId === ATTEMPT)
        world.devices.mergeReported(device.deviceId, { firmware: { outcome: "failed" } });
    }
    await lookWithoutWaveView(world);
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
  });
});
