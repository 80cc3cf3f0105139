import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { registryWithToken } from "../../support/iot-hub-registry.ts";
import { openHub, refusal } from "./hub-fixture.ts";
import { aSasToken } from "./raw-connect.ts";
import { sendToService, type ServiceAnswer } from "./service-request.ts";

function aToken(
  hub: LocalHub,
  forged: { key?: string; resource?: string; policy?: string; expiry?: number } = {},
): string {
  return aSasToken({
    key: forged.key ?? hub.serviceKey,
    resource: forged.resource ?? "localhost",
    policy: forged.policy ?? "iothubowner",
    expiry: String(Math.floor(Date.now() / 1000) + (forged.expiry ?? 3600)),
  });
}

function send(
  hub: LocalHub,
  path: string,
  { headers = {}, ...rest }: { method?: string; headers?: object; body?: string } = {},
): Promise<ServiceAnswer> {
  return sendToService(hub, path, { ...rest, headers: { Authorization: aToken(hub), ...headers } });
}

describe("a service token", () => {
  it.each([
    ["for the host", {}],
    ["for the host in capitals and with its port", { resource: "LOCALHOST:8883" }],
    ["for the host's devices", { resource: "localhost/devices" }],
    ["for exactly one device, percent-encoded", { resource: "localhost%2Fdevices%2Fd1" }],
    ["that expired within the allowed skew", { expiry: -200 }],
  ])("%s is taken", async (_case, forged) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const registry = registryWithToken(fixture.hub, aToken(fixture.hub, forged));
    expect((await registry.get("d1")).responseBody.deviceId).toBe("d1");
  });

  it("for exactly one device is taken whatever characters the device's id has, and for that one only", async () => {
    await using fixture = await openHub();
    for (const deviceId of ["a#b?c%d", "a"]) fixture.hub.createDevice({ deviceId });
    const resource = "localhost%2Fdevices%2Fa%23b%3Fc%25d";
    const registry = registryWithToken(fixture.hub, aToken(fixture.hub, { resource }));
    expect((await registry.get("a#b?c%d")).responseBody.deviceId).toBe("a#b?c%d");
    expect(await refusal(registry.get("a"))).toMatchObject({ status: 401 });
  });

  it.each([
    ["of another key", { key: Buffer.alloc(32).toString("base64") }],
    ["that expired", { expiry: -400 }],
    ["of a policy that is not there", { policy: "service" }],
    ["for another hub", { resource: "elsewhere.azure-devices.net" }],
    ["for another device", { resource: "localhost/devices/d2" }],
    ["for a device whose name starts alike", { resource: "localhost/devices/d" }],
    ["for another kind of thing", { resource: "localhost/twins" }],
  ])("%s is refused", async (_case, forged) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const registry = registryWithToken(fixture.hub, aToken(fixture.hub, forged));
    expect(await refusal(registry.get("d1"))).toMatchObject({
      status: 401,
      code: "IotHubUnauthorizedAccess",
      kind: "UnauthorizedError",
    });
  });

  it.each([
    "",
    "Bearer x",
    "SharedAccessSignature",
    "SharedAccessSignature sr=%&sig=a&se=1",
    `SharedAccessSignature ${"a".repeat(5000)}`,
  ])("is not %j", async (authorization) => {
    await using fixture = await openHub();
    const { status, body } = await send(fixture.hub, "/nothing", {
      headers: { Authorization: authorization },
    });
    expect(status).toBe(401);
    expect(body).toEqual({
      Message: "ErrorCode:IotHubUnauthorizedAccess;Unauthorized",
      ExceptionMessage: expect.stringMatching(
        /^Tracking ID:[0-9a-f]{32}-G:0-TimeStamp:01\/01\/2026 00:00:00$/u,
      ) as string,
    });
  });
});

describe("a request beside the SDK's", () => {
  it("needs an api-version", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await send(fixture.hub, "/devices/d1")).toMatchObject({
      status: 400,
      headers: { "iothub-errorcode": "ArgumentInvalid" },
    });
    expect(await send(fixture.hub, "/devices/d1?api-version=2024-03-31")).toMatchObject({ status: 200 });
  });

  it("is refused when its body is nested beyond all measure, and nothing of it is kept", async () => {
    await using opened = await openHub();
    const depth = 20_000;
    const body = `{"id":"deep","content":{"deviceContent":{"properties.desired.x":{}},"other":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}}`;
    const path = "/configurations/deep?api-version=2021-04-12";
    const headers = { "Content-Type": "application/json" };
    expect(await send(opened.hub, path, { method: "PUT", headers, body })).toMatchObject({ status: 400 });
    expect(await send(opened.hub, "/configurations?api-version=2021-04-12")).toMatchObject({
      status: 200,
      body: [],
    });
  });

  it("is refused when its body is not JSON, with the hub still well", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    for (const body of ["{", "[]", '"x"', "null", "", "[".repeat(100_000)]) {
      expect(await send(fixture.hub, "/twins/d1?api-version=1", { method: "PATCH", body })).toMatchObject({
        status: 400,
      });
    }
    expect((await send(fixture.hub, "/twins/d1?api-version=1")).status).toBe(200);
  });

  it("lists as many configurations as it asks for", async () => {
    await using fixture = await openHub();
    for (const id of ["a", "b", "c"])
      await fixture.registry.addConfiguration({
        id,
        schemaVersion: "1.0",
        content: { deviceContent: {} },
        targetCondition: "",
      });
    expect((await send(fixture.hub, "/configurations?top=2&api-version=1")).body).toHaveLength(2);
    expect((await send(fixture.hub, "/configurations?top=x&api-version=1")).status).toBe(400);
  });
});
