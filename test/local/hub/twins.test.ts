import { describe, expect, it } from "vitest";
import { openHub, refusal, valuesOf } from "./hub-fixture.ts";

const FIRST = "2026-01-01T00:00:00.0000000Z";
const MINUTE_LATER = "2026-01-01T00:01:00.0000000Z";

describe("a twin of the service side", () => {
  it("is new with empty sections at version 1 and no tags", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const { responseBody: twin } = await fixture.registry.getTwin("d1");
    expect(twin.etag).toBe("AAAAAAAAAAE=");
    expect(twin.properties).toEqual({
      desired: { $metadata: { $lastUpdated: FIRST }, $version: 1 },
      reported: { $metadata: { $lastUpdated: FIRST }, $version: 1 },
    });
    expect(twin.tags).toEqual({});
  });

  it("merges a patch: null deletes, objects merge, arrays and scalars replace", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({
      deviceId: "d1",
      tags: { site: { city: "Ghent", floor: 1 }, list: [1, 2, 3] },
    });
    const patch = { tags: { site: { floor: null, room: "x" }, list: [9], missing: null } };
    const { responseBody: twin } = await fixture.registry.updateTwin("d1", patch, "*");
    expect(twin.tags).toEqual({ site: { city: "Ghent", room: "x" }, list: [9] });
  });

  it("keeps the time and version of what each write touched", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await fixture.registry.updateTwin("d1", { properties: { desired: { a: { x: 1 }, b: 2 } } }, "*");
    await fixture.clock.advance(60_000);
    const { responseBody } = await fixture.registry.updateTwin(
      "d1",
      { properties: { desired: { a: { y: 3 } } } },
      "*",
    );
    expect(responseBody.properties.desired).toEqual({
      a: { x: 1, y: 3 },
      b: 2,
      $metadata: {
        $lastUpdated: MINUTE_LATER,
        $lastUpdatedVersion: 3,
        a: {
          $lastUpdated: MINUTE_LATER,
          $lastUpdatedVersion: 3,
          x: { $lastUpdated: FIRST, $lastUpdatedVersion: 2 },
          y: { $lastUpdated: MINUTE_LATER, $lastUpdatedVersion: 3 },
        },
        b: { $lastUpdated: FIRST, $lastUpdatedVersion: 2 },
      },
      $version: 3,
    });
  });

  it("lets one of two writers with the same etag win", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const { etag } = (await fixture.registry.getTwin("d1")).responseBody;
    const races = await Promise.allSettled([
      fixture.registry.updateTwin("d1", { tags: { winner: "a" } }, etag),
      fixture.registry.updateTwin("d1", { tags: { winner: "b" } }, etag),
    ]);
    expect(races.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await refusal(fixture.registry.updateTwin("d1", { tags: {} }, etag))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
      kind: "InvalidEtagError",
    });
  });

  it("takes a section back as it was read, with what the hub had added to it", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const { responseBody: read } = await fixture.registry.updateTwin(
      "d1",
      { properties: { desired: { a: 1 } } },
      "*",
    );
    const { responseBody } = await fixture.registry.updateTwin(
      "d1",
      { properties: { desired: read.properties.desired } },
      read.etag,
    );
    expect(valuesOf(responseBody.properties.desired)).toEqual({ a: 1 });
  });

  it("ignores reported properties that the service side sends", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const patch = { properties: { reported: { faked: true } }, tags: { a: 1 } };
    const { responseBody } = await fixture.registry.updateTwin("d1", patch, "*");
    expect(responseBody.properties.reported).not.toHaveProperty("faked");
    expect(responseBody.properties.reported["$version"]).toBe(1);
  });

  it.each([
    ["a key with a dot", { "a.b": 1 }],
    ["a key with a dollar sign", { $a: 1 }],
    ["a key with a space", { "a b": 1 }],
    [
      "a key that reaches a prototype",
      JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>,
    ],
    ["an eleventh level", { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: 1 } } } } } } } } } } }],
    ["a value over 4 KB", { a: "x".repeat(4097) }],
    ["an integer over 52 bits", { a: 2 ** 52 }],
    ["more than 8 KB", Object.fromEntries(["a", "b", "c"].map((key) => [key, "x".repeat(4000)]))],
  ])("refuses tags with %s", async (_case, tags) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await refusal(fixture.registry.updateTwin("d1", { tags }, "*"))).toMatchObject({
      status: 400,
      code: "ArgumentInvalid",
    });
    expect((await fixture.registry.getTwin("d1")).responseBody.etag).toBe("AAAAAAAAAAE=");
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it("refuses a body over half a megabyte without reading on", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const call = fixture.registry.updateTwin("d1", { tags: { a: "x".repeat(3_000_000) } }, "*");
    // The hub closes the connection on a caller that is still writing: it may see the answer or the closed socket.
    await expect(call).rejects.toThrow();
    expect((await fixture.registry.getTwin("d1")).responseBody.etag).toBe("AAAAAAAAAAE=");
  });
});
