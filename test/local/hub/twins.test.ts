import { describe, expect, it } from "vitest";
import { openHub, refusal } from "./hub-fixture.ts";

const FIRST = "2026-01-01T00:00:00.0000000Z";
const MINUTE_LATER = "2026-01-01T00:01:00.0000000Z";

describe("a twin of the service side", () => {
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

  it("refuses tags with a key that reaches a prototype", async () => {
    const tags = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await refusal(fixture.registry.updateTwin("d1", { tags }, "*"))).toMatchObject({
      status: 400,
      code: "ArgumentInvalid",
    });
    expect((await fixture.registry.getTwin("d1")).responseBody.etag).toBe("AAAAAAAAAAE=");
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it("refuses a body over half a megabyte with 413, and does nothing", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const call = fixture.registry.updateTwin("d1", { tags: { a: "x".repeat(3_000_000) } }, "*");
    await expect(call).rejects.toMatchObject({ message: "The body is over 524288 bytes" });
    expect((await fixture.registry.getTwin("d1")).responseBody.etag).toBe("AAAAAAAAAAE=");
  });
});
