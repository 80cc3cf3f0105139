import { describe, expect, it } from "vitest";
import type { ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import { meetsOurPath } from "../../../rollout/plan/foreign-configurations.ts";
import { observeProduct } from "../../../rollout/reconcile/observe.ts";
import { stopRelease } from "../../../rollout/reconcile/stop-release.ts";
import type { World } from "../../support/world.ts";
import { ATTEMPT, aWorld, HOUR, inCanary, look, PRODUCT, rest, stateOf } from "./in-canary.ts";

const EVERYBODY = "tags.product = 'thermostat'";

/** Somebody else's configuration. */
async function foreign(world: World, more: Partial<ConfigurationDocument> = {}): Promise<void> {
  await world.hub.create({
    id: "portal-test",
    labels: {},
    content: { "properties.desired.firmware.fwVersion": "9.9.9" },
    condition: EVERYBODY,
    priority: 1,
    metrics: {},
    ...more,
  });
}

/** Queries that a look sends. */
async function queriesOf(world: World): Promise<number> {
  let queries = 0;
  world.fault = ({ when, call }) => {
    if (when === "before" && call === "count") queries += 1;
  };
  await look(world);
  world.fault = () => undefined;
  return queries;
}

describe("a path of a twin", () => {
  it.each([
    ["properties.desired.firmware", true],
    ["properties.desired.firmware.fwVersion", true],
    ["properties.desired", true],
    ["properties.desired.firmwareAccess", true],
    ["properties.desired.firmwareNotes", false],
    ["properties.desired.telemetry", false],
    ["properties", true],
  ])("%s meets ours: %s", (path, meets) => {
    expect(meetsOurPath(path)).toBe(meets);
  });
});

describe("a configuration of somebody else that writes to the same devices", () => {
  it.each([
    ["below ours, at an extension of our path", {}],
    ["above ours", { priority: 5_000 }],
    ["at a prefix of our path", { content: { "properties.desired": { firmware: { fwVersion: "9.9.9" } } } }],
    ["for every device", { condition: "*" }],
  ])("holds a running release: %s", async (_, more) => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    await foreign(world, more);
    const { steps, problems } = await look(world);
    expect(steps).toEqual([]);
    expect(problems).toMatchObject([
      {
        code: "FOREIGN_CONFIGURATION",
        path: "configuration portal-test",
        summary: expect.stringContaining("24 devices") as string,
      },
    ]);
    expect(world.exposed(ATTEMPT).size).toBe(6);
    const { next } = await observeProduct(PRODUCT, { ...world.ports, settings: { queryLag: 0 } });
    expect(next).toMatchObject({
      needsPerson: true,
      text: expect.stringContaining("FOREIGN_CONFIGURATION") as string,
    });
    // It goes on by itself once that one is gone.
    world.remove("portal-test");
    await look(world);
    expect(world.exposed(ATTEMPT).size).toBeGreaterThan(6);
  });

  it.each([
    ["that writes elsewhere", { content: { "properties.desired.telemetry": { every: 60 } } }],
    ["for devices of another product", { condition: "tags.product = 'boiler'" }],
    ["for nobody", { condition: "" }],
  ])("%s holds nothing", async (_, more) => {
    const world = await inCanary();
    await rest(world);
    world.advance(4 * HOUR);
    await foreign(world, more);
    expect((await look(world)).problems).toBeUndefined();
    expect(world.exposed(ATTEMPT).size).toBeGreaterThan(6);
  });

  it("does not keep a stop, nor the taking back after it", async () => {
    const world = await inCanary();
    await foreign(world);
    await stopRelease(
      { kind: "abort", product: "thermostat", actor: "operator", reason: "stop" },
      world.ports,
    );
    expect(world.exposed(ATTEMPT).size).toBe(0);
    await rest(world);
    world.settle(() => "ok");
    world.advance(HOUR);
    // The foreign one has written 9.9.9 into every twin; the devices of this world answer what their twin says.
    world.remove("portal-test");
    world.settle(() => "ok");
    await rest(world);
    expect(stateOf(world)).toBe("rolled back");
  });

  it("does not keep the gate from stopping a bad release", async () => {
    const world = aWorld();
    await rest(world);
    world.settle(() => "failed");
    await foreign(world);
    world.advance(HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("rolling back");
  });

  it("does not keep a completed release from settling", async () => {
    const world = await inCanary();
    for (let wave = 0; wave < 3; wave++) {
      await rest(world);
      world.advance(4 * HOUR);
      await rest(world);
      world.settle(() => "ok");
    }
    await rest(world);
    expect(stateOf(world)).toBe("watching");
    await foreign(world);
    world.advance(25 * HOUR);
    await rest(world);
    expect(stateOf(world)).toBe("settled");
  });

  it("costs a query for each of them, and nothing where there is none", async () => {
    const world = await inCanary();
    await rest(world);
    const before = await queriesOf(world);
    await foreign(world, { condition: "" });
    expect(await queriesOf(world)).toBe(before);
    world.edit("portal-test", { condition: "tags.product = 'boiler'" });
    expect(await queriesOf(world)).toBe(before + 1);
  });
});
