import { describe, expect, it } from "vitest";
import { nextStep } from "../../../rollout/engine/next-step.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import type { World } from "../../support/world.ts";
import { aWorld, HOUR, inCanary, PRODUCT, rest } from "./in-canary.ts";

// Three screens with three statuses, and a success that flips back (iot-hub-device-update#642, #625, #609). Where a product
// stands is never stored: it is derived from the same observation by the same function, for everyone who asks.

async function stopped(kind: "hold" | "abort"): Promise<World> {
  const world = await inCanary();
  await stopRelease({ kind, product: "thermostat", actor: "alice", reason: "odd" }, world.ports);
  return world;
}

async function later(hours: number): Promise<World> {
  const world = await inCanary();
  await rest(world);
  world.advance(hours * HOUR);
  return world;
}

const MOMENTS: Record<string, () => Promise<World>> = {
  "nothing was started": () => Promise.resolve(aWorld()),
  "the first devices answer": inCanary,
  "it bakes": () => later(1),
  "it is held": () => stopped("hold"),
  "it is taken back": () => stopped("abort"),
};

describe.each(Object.entries(MOMENTS))("when %s", (_when, arrive) => {
  it("status says what reconcile waits for, to the letter, and whoever asks", async () => {
    const world = await arrive();
    const { status } = await rest(world);
    expect(status).toBeDefined();
    for (let readers = 0; readers < 2; readers++) {
      const { next } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
      expect(next).toEqual(status);
    }
  });

  it("one observation gives one step, however often it is decided on", async () => {
    const world = await arrive();
    const { observation } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    const deciding = { actor: "cron", imageBase: "https://images.test", queryLagMs: 0, nonce: "n" };
    const input = { declared: PRODUCT, observation, deciding };
    const before = structuredClone(observation);
    expect(nextStep(input)).toEqual(nextStep(input));
    expect(observation).toEqual(before);
  });
});

describe("a device's success that flips back", () => {
  it("is counted as it is now, and the raw counts are beside the verdict", async () => {
    const world = await inCanary();
    await rest(world);
    const [flipped = ""] = world.exposed("fw--thermostat--1-1-0--1");
    world.devices.mergeReported(flipped, { firmware: { outcome: "contacted" } });
    const { judgements } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    expect(judgements[0]).toMatchObject({
      kind: "judged",
      look: { views: { all: { A: { ok: 5, failed: 0, contacted: 1 } } } },
    });
  });
});
