import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocalHub } from "../../../local/hub/hub.ts";
import type { HubPort } from "../../../rollout/reconcile/ports.ts";
import { aDocument, hubAtAStandstill, type Standstill } from "./hub-at-a-standstill.ts";

// Microsoft's own client against the embedded hub, throttled as an S1, on a clock that stands unless somebody waits.

let at: Standstill;
let hub: LocalHub;
let port: HubPort;

beforeEach(async () => {
  at = await hubAtAStandstill();
  ({ hub, port } = at);
});
afterEach(() => at[Symbol.asyncDispose]());

describe("configurations", () => {
  it("are deleted by the etag that was read, and by no older one", async () => {
    const created = await port.create(aDocument("fw--x--1--1"));
    const newer = await port.replace({ ...created, condition: "" }, created.etag);
    await expect(port.remove(created.id, created.etag)).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    expect((await port.list()).configurations).toHaveLength(1);
    await port.remove(created.id, newer.etag);
    expect((await port.list()).configurations).toEqual([]);
    await expect(port.remove(created.id, newer.etag)).rejects.toMatchObject({ code: "HUB_NOT_FOUND" });
  });

  it("come back as they were written, with etag and creation time", async () => {
    const created = await port.create(aDocument("one"));
    expect(created).toMatchObject(aDocument("one"));
    expect((await port.list()).configurations).toEqual([created]);
    const replaced = await port.replace({ ...created, condition: "" }, created.etag);
    expect(replaced).toMatchObject({ condition: "", createdTimeUtc: created.createdTimeUtc });
    expect(replaced.etag).not.toBe(created.etag);
  });

  it("that exist already, or moved on, are HUB_CONFLICT; those that are gone HUB_NOT_FOUND", async () => {
    const created = await port.create(aDocument("one"));
    await expect(port.create(aDocument("one"))).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    await port.replace(created, created.etag);
    await expect(port.replace(created, created.etag)).rejects.toMatchObject({ code: "HUB_CONFLICT" });
    await expect(port.replace(aDocument("none"), created.etag)).rejects.toMatchObject({
      code: "HUB_NOT_FOUND",
    });
  });

  it("that the hub calls malformed are HUB_REJECTED, and nothing is there", async () => {
    await expect(port.create({ ...aDocument("one"), condition: "tags.product =" })).rejects.toMatchObject({
      code: "HUB_REJECTED",
    });
    expect((await port.list()).configurations).toEqual([]);
  });
});

describe("counts", () => {
  it("are by stratum, devices without one under other, over more pages than one", async () => {
    for (let index = 0; index < 130; index++) {
      hub.createDevice({
        deviceId: `d${index}`,
        tags: { product: "x", ...(index < 120 ? { rollout: { stratum: `lot-${index}` } } : {}) },
      });
    }
    const counts = await port.count(
      "SELECT tags.rollout.stratum AS stratum, COUNT() AS devices FROM devices WHERE tags.product = 'x' GROUP BY tags.rollout.stratum",
    );
    expect(Object.keys(counts)).toHaveLength(121);
    expect(counts["other"]).toBe(10);
    expect(counts["lot-7"]).toBe(1);
  });
});

describe("the ids of devices", () => {
  it("are those that a query names, and no more than was asked for", async () => {
    for (let index = 0; index < 130; index++)
      hub.createDevice({ deviceId: `d${index}`, tags: { product: "x" } });
    const query = "SELECT deviceId FROM devices WHERE tags.product = 'x'";
    expect(await port.deviceIds(query, 101)).toHaveLength(101);
    expect(new Set(await port.deviceIds(query, 1_000)).size).toBe(130);
    expect(await port.deviceIds(`${query} AND deviceId = 'd7'`, 101)).toEqual(["d7"]);
    expect(await port.deviceIds(`${query} AND deviceId = 'none'`, 101)).toEqual([]);
  });
});

describe("the hub's limits", () => {
  it("are kept by waiting: two minutes' worth of calls are never refused", async () => {
    for (let calls = 0; calls < 40; calls++) await port.list();
    expect(hub.calls().throttled).toBe(0);
    expect(at.clock.waits.length).toBeGreaterThan(0);
  });

  it("met by others' calls are met by trying again, for reads", async () => {
    const other = at.another({ tier: "S3", units: 10 });
    for (let calls = 0; calls < 20; calls++) await other.list();
    expect((await port.list()).configurations).toEqual([]);
    expect(hub.calls().answers.configurations).toEqual({ 200: 21, 429: 1 });
  });
});

describe("a hub that is gone", () => {
  it("is HUB_UNREACHABLE, and no key is in what is said", async () => {
    const { serviceKey } = hub;
    await hub.close();
    const error: unknown = await port.create(aDocument("one")).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "HUB_UNREACHABLE" });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain(serviceKey);
  });
});

describe("one device", () => {
  it("is read with its tags and what it reported, by a name that needs quoting too", async () => {
    hub.createDevice({ deviceId: "o'clock", tags: { product: "clock" } });
    hub.createDevice({ deviceId: "bare" });
    expect(await port.device("o'clock")).toMatchObject({
      deviceId: "o'clock",
      tags: { product: "clock" },
      properties: { reported: {} },
    });
    expect((await port.device("bare"))?.tags).toEqual({});
    expect(await port.device("nobody")).toBeUndefined();
  });
});
