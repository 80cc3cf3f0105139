import { describe, expect, it } from "vitest";
import { parseContent } from "../../../local/hub/configuration-content.ts";
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

  it.each([
    ["an upper-case id", aConfiguration("FW-1"), "ArgumentInvalid"],
    ["a dot in the id", aConfiguration("fw-1.0"), "ArgumentInvalid"],
    ["a negative priority", aConfiguration("fw-1", { priority: -1 }), "ArgumentInvalid"],
    ["a label with a space", aConfiguration("fw-1", { labels: { a: "b c" } }), "ArgumentInvalid"],
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
});
