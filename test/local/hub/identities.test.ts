import { describe, expect, it } from "vitest";
import { ask } from "./authorized-request.ts";
import { openHub, refusal } from "./hub-fixture.ts";

describe("identities", () => {
  it("keeps the time of a status change, and of no other change", async () => {
    await using fixture = await openHub();
    await fixture.registry.create({ deviceId: "d1" });
    const updated = async (status: "enabled" | "disabled"): Promise<string | undefined> =>
      (await fixture.registry.update({ deviceId: "d1", status })).responseBody.statusUpdatedTime;
    expect(await updated("enabled")).toBe("0001-01-01T00:00:00Z");
    expect(await updated("disabled")).toBe("2026-01-01T00:00:00.0000000Z");
    await fixture.clock.advance(1000);
    expect(await updated("disabled")).toBe("2026-01-01T00:00:00.0000000Z");
  });

  it.each(["with space", "ü", "a".repeat(129), "a/b", ""])("refuses the device id %j", async (deviceId) => {
    await using fixture = await openHub();
    expect(() => fixture.hub.createDevice({ deviceId })).toThrow(/is not 1 to 128 characters/u);
  });

  it.each(["-.%_*?!(),=@$':", "100%25", "a+b", "x".repeat(128), "?".repeat(128)])(
    "reads the device id %j from the address as it was meant",
    async (deviceId) => {
      await using fixture = await openHub();
      await fixture.registry.create({ deviceId });
      expect((await fixture.registry.get(deviceId)).responseBody.deviceId).toBe(deviceId);
      expect((await fixture.registry.getTwin(deviceId)).responseBody.deviceId).toBe(deviceId);
    },
  );

  it("stops at the number of devices of the tier", async () => {
    await using fixture = await openHub({ tier: "F1" });
    for (let index = 0; index < 500; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    expect(await refusal(fixture.registry.create({ deviceId: "one-too-many" }))).toMatchObject({
      status: 413,
      code: "TooManyDevices",
    });
  });
});

describe("what the hub lacks", () => {
  it.each(["GET /digitaltwins/d1", "POST /digitaltwins/d1/commands/reboot", "GET /nothing", "PUT /devices"])(
    "answers %s with 501 in the service's shape and not as if it had done something",
    async (call) => {
      await using fixture = await openHub();
      const { status, headers, body } = await ask(fixture.hub, call);
      expect({ status, code: headers["iothub-errorcode"] }).toEqual({ status: 501, code: "NotImplemented" });
      const { Message } = body as { Message: string };
      expect(Message).toMatch(/^ErrorCode:NotImplemented;/u);
      expect(Message).toContain(call);
    },
  );
});
