import { expect } from "vitest";
import { refusal, valuesOf } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import { common, ETAG, NEVER, NUMBER, TIME } from "./variable-parts.ts";

describeArea("twins", (it) => {
  it("are new with empty sections at version 1 and no tags [facts 2.1]", async (hub) => {
    const deviceId = await hub.newDevice();
    const { body } = await hub.ask(`GET /twins/${deviceId}`);
    expect(common(body as object)).toEqual({
      deviceId,
      etag: "AAAAAAAAAAE=",
      deviceEtag: ETAG,
      status: "enabled",
      statusUpdateTime: NEVER,
      connectionState: "Disconnected",
      lastActivityTime: NEVER,
      cloudToDeviceMessageCount: 0,
      authenticationType: "sas",
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      modelId: "",
      version: NUMBER,
      properties: {
        desired: { $metadata: { $lastUpdated: TIME }, $version: 1 },
        reported: { $metadata: { $lastUpdated: TIME }, $version: 1 },
      },
      capabilities: { iotEdge: false },
    });
  });

  it("merge a patch: null deletes, objects merge, arrays and scalars replace [facts 2.3]", async (hub) => {
    const deviceId = await hub.newDevice({
      site: { city: "Ghent", floor: 1 },
      list: [1, 2, 3],
      at: { a: 1 },
    });
    const patch = { tags: { site: { floor: null, room: "x" }, list: [9], missing: null, at: 3 } };
    const { responseBody: twin } = await hub.registry.updateTwin(deviceId, patch, "*");
    expect(twin.tags).toEqual({ site: { city: "Ghent", room: "x" }, list: [9], at: 3 });
    expect((await hub.registry.getTwin(deviceId)).responseBody.tags).toEqual(twin.tags);
  });

  it("keep the time and version of what each write touched [facts 2.2]", async (hub) => {
    const deviceId = await hub.newDevice();
    const write = async (desired: object): Promise<Record<string, unknown>> =>
      (await hub.registry.updateTwin(deviceId, { properties: { desired } }, "*")).responseBody.properties
        .desired;
    await write({ a: { x: 1 }, b: 2 });
    expect(await write({ a: { y: 3 }, list: [{ z: 1 }] })).toEqual({
      a: { x: 1, y: 3 },
      b: 2,
      list: [{ z: 1 }],
      $metadata: {
        $lastUpdated: TIME,
        $lastUpdatedVersion: 3,
        a: {
          $lastUpdated: TIME,
          $lastUpdatedVersion: 3,
          x: { $lastUpdated: TIME, $lastUpdatedVersion: 2 },
          y: { $lastUpdated: TIME, $lastUpdatedVersion: 3 },
        },
        b: { $lastUpdated: TIME, $lastUpdatedVersion: 2 },
        list: { $lastUpdated: TIME, $lastUpdatedVersion: 3 },
      },
      $version: 3,
    });
  });

  it("count the versions of their sections apart, and of the whole", async (hub) => {
    const deviceId = await hub.newDevice();
    const { responseBody: before } = await hub.registry.getTwin(deviceId);
    const { responseBody: tagged } = await hub.registry.updateTwin(deviceId, { tags: { a: 1 } }, "*");
    expect([tagged.properties.desired["$version"], tagged.properties.reported["$version"]]).toEqual([1, 1]);
    expect(versionOf(tagged)).toBeGreaterThan(versionOf(before));
    expect(tagged.etag).not.toBe(before.etag);
    const patch = { properties: { desired: { a: 1 } } };
    const { responseBody: desired } = await hub.registry.updateTwin(deviceId, patch, "*");
    expect([desired.properties.desired["$version"], desired.properties.reported["$version"]]).toEqual([2, 1]);
    expect(versionOf(desired)).toBeGreaterThan(versionOf(tagged));
  });

  it("let one of two writers with the same etag win, the other is told 412", async (hub) => {
    const deviceId = await hub.newDevice();
    const { etag } = (await hub.registry.getTwin(deviceId)).responseBody;
    const both = await Promise.allSettled([
      hub.registry.updateTwin(deviceId, { tags: { who: "a" } }, etag),
      hub.registry.updateTwin(deviceId, { tags: { who: "b" } }, etag),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await refusal(hub.registry.updateTwin(deviceId, { tags: {} }, etag))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
      kind: "InvalidEtagError",
    });
  });

  it("are written without a condition when no If-Match is sent", async (hub) => {
    const deviceId = await hub.newDevice();
    expect(await hub.ask(`PATCH /twins/${deviceId}`, { body: { tags: { a: 1 } } })).toMatchObject({
      status: 200,
      body: { tags: { a: 1 } },
    });
  });

  it("are replaced by PUT: tags and desired properties that it does not name are gone", async (hub) => {
    const deviceId = await hub.newDevice({ old: 1, both: 1 });
    await hub.registry.updateTwin(deviceId, { properties: { desired: { old: 1 } } }, "*");
    const body = { tags: { both: 2 }, properties: { desired: { only: true } } };
    const { status } = await hub.ask(`PUT /twins/${deviceId}`, { body, headers: { "If-Match": '"*"' } });
    expect(status).toBe(200);
    const { responseBody: twin } = await hub.registry.getTwin(deviceId);
    expect(twin.tags).toEqual({ both: 2 });
    expect(valuesOf(twin.properties.desired)).toEqual({ only: true });
  });

  it("take a section back as it was read, with what the hub had added to it", async (hub) => {
    const deviceId = await hub.newDevice();
    const patch = { properties: { desired: { a: 1 } } };
    const { responseBody: read } = await hub.registry.updateTwin(deviceId, patch, "*");
    const back = { properties: { desired: read.properties.desired } };
    const { responseBody } = await hub.registry.updateTwin(deviceId, back, read.etag);
    expect(valuesOf(responseBody.properties.desired)).toEqual({ a: 1 });
  });

  it("keep reported properties from the service side [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    const patch = { properties: { reported: { faked: true } }, tags: { a: 1 } };
    const { responseBody } = await hub.registry.updateTwin(deviceId, patch, "*");
    expect(responseBody.properties.reported).not.toHaveProperty("faked");
  });

  it("keep their etag over a report of the device [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connect(deviceId);
    const { responseBody: before } = await hub.registry.getTwin(deviceId);
    await device.report({ a: 1 });
    const { responseBody: after } = await hub.registry.getTwin(deviceId);
    expect(after.properties.reported).toMatchObject({ a: 1, $version: 2 });
    expect(after.etag).toBe(before.etag);
  });

  it("start their etag at the base64 of a counter of eight bytes, one more with each write [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    const { responseBody: first } = await hub.registry.getTwin(deviceId);
    const { responseBody: next } = await hub.registry.updateTwin(deviceId, { tags: { a: 1 } }, "*");
    expect([first.etag, next.etag]).toEqual(["AAAAAAAAAAE=", "AAAAAAAAAAI="]);
  });

  for (const [what, tags] of [
    ["a value of 4 KB", { a: "x".repeat(4096) }],
    ["ten levels", nested(10)],
    ["the largest integer", { a: 4503599627370495 }],
    ["the least integer", { a: -4503599627370496 }],
    ["an array of objects", { a: [{ b: 1 }, [2]] }],
  ] as const) {
    it(`take tags with ${what} [facts 2.5]`, async (hub) => {
      const deviceId = await hub.newDevice();
      expect((await hub.registry.updateTwin(deviceId, { tags }, "*")).responseBody.tags).toEqual(tags);
    });
  }

  for (const [what, tags] of [
    ["a key with a dot", { "a.b": 1 }],
    ["a key with a dollar sign", { $a: 1 }],
    ["a key with a blank", { "a b": 1 }],
    ["a key with a control character", { "a\u0001": 1 }],
    ["a key over 1 KB", { ["k".repeat(1025)]: 1 }],
    ["an eleventh level", nested(11)],
    ["a value over 4 KB", { a: "x".repeat(4097) }],
    ["an integer over 52 bits", { a: 2 ** 52 }],
    ["more than 8 KB", Object.fromEntries(["a", "b", "c"].map((key) => [key, "x".repeat(4000)]))],
  ] as const) {
    it(`refuse tags with ${what} and change nothing [facts 2.5]`, async (hub) => {
      const deviceId = await hub.newDevice();
      const { responseBody: before } = await hub.registry.getTwin(deviceId);
      expect(await refusal(hub.registry.updateTwin(deviceId, { tags }, "*"))).toMatchObject({
        status: 400,
        code: "ArgumentInvalid",
        kind: "ArgumentError",
      });
      expect((await hub.registry.getTwin(deviceId)).responseBody.etag).toBe(before.etag);
    });
  }

  it("refuse desired properties over 32 KB, and take them below", async (hub) => {
    const deviceId = await hub.newDevice();
    const desired = (count: number): object => ({
      properties: {
        desired: Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, "x".repeat(4000)])),
      },
    });
    await hub.registry.updateTwin(deviceId, desired(8), "*");
    expect(await refusal(hub.registry.updateTwin(deviceId, desired(9), "*"))).toMatchObject({ status: 400 });
  });
});

// The SDK passes the version on without declaring it.
function versionOf(twin: object): number {
  return (twin as { version: number }).version;
}

/** An object whose leaf is so many levels deep. */
function nested(levels: number): Record<string, unknown> {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value as Record<string, unknown>; // of one level at least
}
