import { describe, expect, it } from "vitest";
import { parseContent } from "../../../local/hub/configuration-content.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal, stored, valuesOf, type HubFixture } from "./hub-fixture.ts";

const MINUTE = 60_000;

async function desired(fixture: HubFixture, deviceId: string): Promise<Record<string, unknown>> {
  return valuesOf((await fixture.registry.getTwin(deviceId)).responseBody.properties.desired);
}

async function statuses(fixture: HubFixture, deviceId: string): Promise<unknown> {
  // The SDK passes the section on without declaring it.
  return ((await fixture.registry.getTwin(deviceId)).responseBody as unknown as { configurations?: unknown })
    .configurations;
}

describe("a configuration document", () => {
  it("reads back as the service writes it, results unknown until the first evaluation", async () => {
    await using fixture = await openHub();
    const configuration = await stored(
      fixture.registry.addConfiguration(
        aConfiguration("fw-1", {
          targetCondition: "tags.site = 'a'",
          labels: { who: "me" },
          metrics: { queries: { ok: "SELECT deviceId FROM devices WHERE tags.ok = true" } },
        }),
      ),
    );
    expect(configuration).toEqual({
      id: "fw-1",
      schemaVersion: "2.0",
      labels: { who: "me" },
      content: { deviceContent: { "properties.desired.firmware": { version: "fw-1" } } },
      contentType: null,
      targetCondition: "tags.site = 'a'",
      createdTimeUtc: "2026-01-01T00:00:00.0000000Z",
      lastUpdatedTimeUtc: "2026-01-01T00:00:00.0000000Z",
      priority: 10,
      systemMetrics: {
        results: {},
        queries: {
          targetedCount: "select deviceId from devices where tags.site = 'a'",
          appliedCount: "select deviceId from devices where configurations.[[fw-1]].status = 'Applied'",
        },
      },
      metrics: { results: {}, queries: { ok: "SELECT deviceId FROM devices WHERE tags.ok = true" } },
      etag: "MQ==",
    });
  });

  it("is evaluated shortly after its creation and every five minutes, with its metrics", async () => {
    await using fixture = await openHub({ firstRunDelayMs: 2000 });
    fixture.hub.createDevice({ deviceId: "a", tags: { site: "a", ok: true } });
    fixture.hub.createDevice({ deviceId: "b", tags: { site: "b", ok: true } });
    await fixture.registry.addConfiguration(
      aConfiguration("fw-1", {
        targetCondition: "tags.site = 'a'",
        metrics: { queries: { ok: "SELECT deviceId FROM devices WHERE tags.ok = true" } },
      }),
    );
    const results = async (): Promise<unknown> => {
      const { systemMetrics, metrics } = (await fixture.registry.getConfiguration("fw-1")).responseBody;
      return { ...systemMetrics?.results, ...metrics?.results };
    };
    await fixture.clock.advance(1999);
    expect(await results()).toEqual({});
    await fixture.clock.advance(1);
    expect(await results()).toEqual({ targetedCount: 1, appliedCount: 1, ok: 2 });
    fixture.hub.createDevice({ deviceId: "c", tags: { site: "a" } });
    await fixture.clock.advance(4 * MINUTE);
    expect(await results()).toEqual({ targetedCount: 1, appliedCount: 1, ok: 2 });
    await fixture.clock.advance(MINUTE);
    expect(await results()).toEqual({ targetedCount: 2, appliedCount: 2, ok: 2 });
  });

  it("changes by its etag: condition, priority, labels and metrics, and nothing else", async () => {
    await using fixture = await openHub();
    const first = await stored(fixture.registry.addConfiguration(aConfiguration("fw-1")));
    await fixture.clock.advance(MINUTE);
    const change = { ...first, targetCondition: "tags.a = 1", priority: 11, labels: { b: "c" } };
    const second = await stored(fixture.registry.updateConfiguration(change));
    expect(second).toMatchObject({
      targetCondition: "tags.a = 1",
      priority: 11,
      labels: { b: "c" },
      etag: "Mg==",
    });
    expect(second.createdTimeUtc).toBe(first.createdTimeUtc);
    expect(second.lastUpdatedTimeUtc).toBe("2026-01-01T00:01:00.0000000Z");
    expect(await refusal(fixture.registry.updateConfiguration(change))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
      kind: "InvalidEtagError",
    });
    expect((await stored(fixture.registry.updateConfiguration(change, true))).etag).toBe("Mw==");
  });

  it("forgets the value of a metric whose query changes, and keeps the others, until the next evaluation", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const queries = { all: "SELECT * FROM devices", some: "SELECT * FROM devices WHERE tags.a = 1" };
    const first = await stored(
      fixture.registry.addConfiguration(aConfiguration("fw-1", { metrics: { queries } })),
    );
    fixture.hub.evaluateNow();
    const changed = { all: queries.all, some: "SELECT * FROM devices WHERE deviceId = 'd1'" };
    const second = await stored(
      fixture.registry.updateConfiguration({ ...first, metrics: { queries: changed } }),
    );
    expect(second.metrics?.results).toEqual({ all: 1 });
    fixture.hub.evaluateNow();
    expect((await fixture.registry.getConfiguration("fw-1")).responseBody.metrics?.results).toEqual({
      all: 1,
      some: 1,
    });
  });

  it("has immutable content", async () => {
    await using fixture = await openHub();
    const configuration = await stored(fixture.registry.addConfiguration(aConfiguration("fw-1")));
    const content = { deviceContent: { "properties.desired.firmware": { version: "other" } } };
    expect(await refusal(fixture.registry.updateConfiguration({ ...configuration, content }))).toMatchObject({
      status: 400,
      code: "CannotModifyImmutableConfigurationContent",
    });
  });

  it("exists once: 409 for a second, 404 for none", async () => {
    await using fixture = await openHub();
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    expect(await refusal(fixture.registry.addConfiguration(aConfiguration("fw-1")))).toMatchObject({
      status: 409,
      code: "ConfigurationAlreadyExists",
    });
    expect(await refusal(fixture.registry.getConfiguration("fw-2"))).toMatchObject({
      status: 404,
      code: "ConfigurationNotFound",
    });
    expect(await refusal(fixture.registry.updateConfiguration(aConfiguration("fw-2"), true))).toMatchObject({
      status: 404,
    });
  });

  it("cannot be the 101st", async () => {
    await using fixture = await openHub();
    for (let index = 0; index < 100; index++)
      await fixture.registry.addConfiguration(aConfiguration(`c-${index}`));
    expect(await refusal(fixture.registry.addConfiguration(aConfiguration("c-100")))).toMatchObject({
      status: 413,
      code: "ConfigurationCountLimitExceeded",
    });
    await fixture.registry.removeConfiguration("c-0");
    await fixture.registry.addConfiguration(aConfiguration("c-100"));
    expect((await fixture.registry.getConfigurations()).responseBody).toHaveLength(100);
  });

  it.each([
    ["an upper-case id", aConfiguration("FW-1"), "ArgumentInvalid"],
    ["a dot in the id", aConfiguration("fw-1.0"), "ArgumentInvalid"],
    ["a negative priority", aConfiguration("fw-1", { priority: -1 }), "ArgumentInvalid"],
    ["a label with a space", aConfiguration("fw-1", { labels: { a: "b c" } }), "ArgumentInvalid"],
    ["no content", aConfiguration("fw-1", { content: {} }), "InvalidConfigurationContent"],
    [
      "a path outside desired",
      aConfiguration("fw-1", { content: { deviceContent: { "tags.a": 1 } } }),
      "InvalidConfigurationContent",
    ],
    [
      "content over 32 KB",
      aConfiguration("fw-1", {
        content: {
          deviceContent: {
            "properties.desired.a": Object.fromEntries(
              Array.from({ length: 9 }, (_, key) => [`k${key}`, "x".repeat(4000)]),
            ),
          },
        },
      }),
      "InvalidConfigurationContent",
    ],
    [
      "six metrics",
      aConfiguration("fw-1", {
        metrics: {
          queries: Object.fromEntries(
            Array.from({ length: 6 }, (_, key) => [`m${key}`, "SELECT * FROM devices"]),
          ),
        },
      }),
      "InvalidConfigurationCustomMetricsQuery",
    ],
    [
      "a metric that is no query",
      aConfiguration("fw-1", { metrics: { queries: { m: "SELECT FROM" } } }),
      "InvalidConfigurationCustomMetricsQuery",
    ],
  ])("refuses %s", async (_case, configuration, code) => {
    await using fixture = await openHub();
    expect(await refusal(fixture.registry.addConfiguration(configuration))).toMatchObject({
      status: 400,
      code,
    });
  });
});

/** A value so many objects deep. */
function objectsDeep(levels: number): object {
  let value: object = { leaf: true };
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
}

describe("content that is nested deeper than a twin", () => {
  it.each([
    ["at a path", { "properties.desired.firmware": objectsDeep(50) }],
    ["at the root", { "properties.desired": objectsDeep(50) }],
    ["by its path", { [`properties.desired${".a".repeat(3000)}`]: 1 }],
  ])("%s is refused as a mistake of the caller, not of the hub", async (_case, deviceContent) => {
    await using fixture = await openHub();
    const call = fixture.registry.addConfiguration(aConfiguration("fw-1", { content: { deviceContent } }));
    const { status, code, message } = await refusal(call);
    expect({ status, code }).toEqual({ status: 400, code: "InvalidConfigurationContent" });
    expect(message).toContain("nested deeper than 10 levels");
  });
});

describe("configurations over one path", () => {
  it("give it to the highest priority, and to the later created of equal ones", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await fixture.registry.addConfiguration(aConfiguration("low", { priority: 1 }));
    await fixture.registry.addConfiguration(aConfiguration("first", { priority: 5 }));
    await fixture.clock.advance(1);
    await fixture.registry.addConfiguration(aConfiguration("second", { priority: 5 }));
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "d1")).toEqual({ firmware: { version: "second" } });
    expect(await statuses(fixture, "d1")).toEqual({
      low: { status: "Targeted" },
      first: { status: "Targeted" },
      second: { status: "Applied" },
    });
  });

  it("fall back to the next lower priority when a device leaves, and when the holder is emptied or deleted", async () => {
    await using fixture = await openHub();
    for (const deviceId of ["leaver", "stayer"]) fixture.hub.createDevice({ deviceId, tags: { ring: 1 } });
    await fixture.registry.addConfiguration(aConfiguration("base", { priority: 1 }));
    await fixture.registry.addConfiguration(
      aConfiguration("next", { priority: 2, targetCondition: "tags.ring = 1" }),
    );
    const top = await stored(
      fixture.registry.addConfiguration(
        aConfiguration("top", { priority: 3, targetCondition: "tags.ring = 1" }),
      ),
    );
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "leaver")).toEqual({ firmware: { version: "top" } });

    await fixture.registry.updateTwin("leaver", { tags: { ring: 2 } }, "*");
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "leaver")).toEqual({ firmware: { version: "base" } });
    expect(await desired(fixture, "stayer")).toEqual({ firmware: { version: "top" } });

    await fixture.registry.updateConfiguration({ ...top, targetCondition: "" });
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "stayer")).toEqual({ firmware: { version: "next" } });

    await fixture.registry.removeConfiguration("next");
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "stayer")).toEqual({ firmware: { version: "base" } });
    expect(await statuses(fixture, "stayer")).toEqual({ base: { status: "Applied" } });
  });

  it("leave nothing of theirs where none covers the path, and all that is not theirs", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await fixture.registry.updateTwin("d1", { properties: { desired: { interval: 30 } } }, "*");
    const configuration = await stored(fixture.registry.addConfiguration(aConfiguration("fw-1")));
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "d1")).toEqual({ interval: 30, firmware: { version: "fw-1" } });
    await fixture.registry.updateConfiguration({ ...configuration, targetCondition: "" });
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "d1")).toEqual({ interval: 30 });
    expect(await statuses(fixture, "d1")).toBeUndefined();
  });

  it.each([
    ["remove", {}],
    ["keep", { firmware: { version: "fw-1" } }],
  ] as const)(
    "%s the content of a deleted configuration that nothing else covers, as the hub is told",
    async (onDelete, left) => {
      await using fixture = await openHub({ onDelete });
      fixture.hub.createDevice({ deviceId: "d1" });
      await fixture.registry.addConfiguration(aConfiguration("fw-1"));
      fixture.hub.evaluateNow();
      await fixture.registry.removeConfiguration("fw-1");
      fixture.hub.evaluateNow();
      expect(await desired(fixture, "d1")).toEqual(left);
      expect(await statuses(fixture, "d1")).toBeUndefined();
    },
  );

  it("write a twin only when its content changes, and do not re-assert what a person edited", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    expect(fixture.hub.evaluateNow()).toEqual({ devices: 1, writes: 1 });
    expect(fixture.hub.evaluateNow()).toEqual({ devices: 1, writes: 0 });
    await fixture.registry.updateTwin(
      "d1",
      { properties: { desired: { firmware: { version: "mine" } } } },
      "*",
    );
    expect(fixture.hub.evaluateNow()).toEqual({ devices: 1, writes: 0 });
    expect(await desired(fixture, "d1")).toEqual({ firmware: { version: "mine" } });
  });

  it("put no null into a twin: it means that there is no such property", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const content = { deviceContent: { "properties.desired.a": { x: 1, y: null, z: { w: null } } } };
    await fixture.registry.addConfiguration(aConfiguration("fw-1", { content }));
    fixture.hub.evaluateNow();
    expect(await desired(fixture, "d1")).toEqual({ a: { x: 1, z: {} } });
    // Nor into the patch that its device hears.
    expect(parseContent(content)).toEqual([{ path: ["a"], value: { x: 1, z: {} } }]);
  });

  it("take a priority change as a swap, told to the connected device as one patch", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const low = await stored(fixture.registry.addConfiguration(aConfiguration("low", { priority: 1 })));
    await fixture.registry.addConfiguration(aConfiguration("high", { priority: 2 }));
    fixture.hub.evaluateNow();
    await using device = await connectDevice(fixture.hub, "d1");
    const heard = device.nextDesired();
    await fixture.registry.updateConfiguration({ ...low, priority: 3 });
    fixture.hub.evaluateNow();
    expect(await heard).toEqual({ firmware: { version: "low" }, $version: 3 });
  });
});
