import { describe, expect, it } from "vitest";
import { openHub } from "../hub-fixture.ts";
import { aSasToken } from "../raw-connect.ts";
import { sendToService, type ServiceAnswer } from "../service-request.ts";

/** What random input found, each in its smallest form. */
describe("a request to the service API", () => {
  async function ask(
    path: string,
    options: { method?: string; body?: string | Buffer } = {},
  ): Promise<ServiceAnswer> {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const authorization = aSasToken({ key: hub.serviceKey, resource: hub.hostName, policy: "iothubowner" });
    return await sendToService(hub, `${path}?api-version=2021-04-12`, {
      ...options,
      headers: { authorization },
    });
  }

  it("with a thousand mistakes is told of as many as fit", async () => {
    const labels = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, index]));
    const body = JSON.stringify({ id: "c1", labels });
    const answer = await ask("/configurations/c1", { method: "PUT", body });
    expect(answer).toMatchObject({ status: 400, headers: { "iothub-errorcode": "ArgumentInvalid" } });
    expect(JSON.stringify(answer.body).length).toBeLessThan(3000);
  });

  it("cannot store 1e999, which would be kept as null [G]", async () => {
    const answer = await ask("/twins/d1", { method: "PATCH", body: '{"tags":{"a":1e999}}' });
    expect(answer).toMatchObject({
      status: 400,
      body: { Message: expect.stringContaining("tags.a is a number too large") as string },
    });
  });

  it("is refused when its body is not UTF-8 [RFC 8259, 8.1]", async () => {
    const body = Buffer.from('{"tags":{"a":"?"}}').map((byte) => (byte === 0x3f ? 0xff : byte));
    const answer = await ask("/twins/d1", { method: "PATCH", body: Buffer.from(body) });
    expect(answer).toMatchObject({
      status: 400,
      body: { Message: expect.stringContaining("UTF-8") as string },
    });
  });

  it("that names a device by `device/module` is refused and not taken for the module", async () => {
    expect(await ask("/twins/d1%2Fm1")).toMatchObject({ status: 400 });
  });

  it("is told that its body is too large, not cut off, up to eight times the limit", async () => {
    const answer = await ask("/twins/d1", { method: "PATCH", body: " ".repeat(4 * 1024 * 1024) });
    expect(answer).toMatchObject({ status: 413, headers: { "iothub-errorcode": "MessageTooLarge" } });
  });
});
