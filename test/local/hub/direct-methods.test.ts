import type { Client, DeviceMethodRequest, DeviceMethodResponse } from "azure-iot-device";
import type { DeviceMethodParams } from "azure-iothub";
import { describe, expect, it } from "vitest";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { connectMethodClient } from "../../support/iot-hub-registry.ts";
import { connectDevice } from "./device-client.ts";
import { openHub, refusal } from "./hub-fixture.ts";
import { createObservedClock } from "./observed-clock.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";
import type { RawMqtt } from "./raw-mqtt.ts";
import { sendToService } from "./service-request.ts";
import { authorized } from "./service-token.ts";

type Handler = (request: DeviceMethodRequest, response: DeviceMethodResponse) => void;

/** Handle a method; the SDK tells nobody when it has subscribed, so callers give it time by connectTimeoutInSeconds. */
function handle(client: Client, name: string, handler: Handler): void {
  client.onDeviceMethod(name, handler);
}

async function invoke(
  hub: LocalHub,
  parameters: DeviceMethodParams,
  [deviceId, moduleId]: [string, string?] = ["d1"],
): Promise<{ status: number; payload: unknown }> {
  const client = connectMethodClient(hub);
  const called: { result: unknown } =
    moduleId === undefined
      ? await client.invokeDeviceMethod(deviceId, parameters)
      : await client.invokeDeviceMethod(deviceId, moduleId, parameters);
  return called.result as { status: number; payload: unknown }; // the SDK types the answer as any
}

/** The same as a bare request, whose answer shows the form of an error. */
async function post(
  hub: LocalHub,
  body: unknown,
  path = "/twins/d1/methods",
): ReturnType<typeof sendToService> {
  return sendToService(hub, `${path}?api-version=2021-04-12`, {
    method: "POST",
    headers: { ...authorized(hub), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function listen(raw: RawMqtt, topic = "$iothub/methods/POST/#"): Promise<void> {
  raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] });
  await raw.receive("suback");
}

/** The request id of the next method that a bare device hears, and its name. */
async function heard(raw: RawMqtt): Promise<{ name: string; requestId: string; payload: string }> {
  const publish = await raw.receive("publish");
  const [, name = "", requestId = ""] =
    /^\$iothub\/methods\/POST\/([^/]+)\/\?\$rid=([^/]+)$/u.exec(publish?.topic ?? "") ?? [];
  return { name, requestId, payload: publish?.payload.toString() ?? "" };
}

describe("a direct method through Microsoft's SDKs", () => {
  it("takes an answer without a payload, and gives the device null for none", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    const payloads: unknown[] = [];
    handle(device.client, "ping", (request, response) => {
      payloads.push(request.payload);
      void response.send(200);
    });
    expect(await invoke(fixture.hub, { methodName: "ping", connectTimeoutInSeconds: 30 })).toEqual({
      status: 200,
      payload: null,
    });
    expect(payloads).toEqual([null]);
  });

  it("still reaches a device that lost its connection and came back", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    handle(device.client, "ping", (_request, response) => void response.send(200, "pong"));
    await invoke(fixture.hub, { methodName: "ping", connectTimeoutInSeconds: 30 });
    fixture.hub.dropConnection("d1");
    expect(await invoke(fixture.hub, { methodName: "ping", connectTimeoutInSeconds: 30 })).toEqual({
      status: 200,
      payload: "pong",
    });
  });

  it("reaches a module by its own address, and not its device", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    fixture.hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    await using device = await connectRawDevice(fixture.hub, "d1");
    await listen(device);
    await using module = await connectRawDevice(fixture.hub, "d1/m1");
    expect(module.code).toBe(0);
    await listen(module);
    const answer = invoke(fixture.hub, { methodName: "ping" }, ["d1", "m1"]);
    const { requestId } = await heard(module);
    module.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`, { payload: '"from m1"' }));
    expect(await answer).toEqual({ status: 200, payload: "from m1" });
    expect(device.pending).toEqual([]);
    const unknown = invoke(fixture.hub, { methodName: "ping" }, ["d1", "m2"]);
    expect(await refusal(unknown)).toMatchObject({ status: 404, code: "ModuleNotFound" });
  });

  it("is told apart by its errors: unknown device, absent device, no answer", async () => {
    await using fixture = await openHub();
    const { hub, clock } = fixture;
    const call = { methodName: "ping", responseTimeoutInSeconds: 5 };
    expect(await refusal(invoke(hub, call))).toMatchObject({ status: 404, kind: "DeviceNotFoundError" });
    hub.createDevice({ deviceId: "d1" });
    expect(await refusal(invoke(hub, call))).toMatchObject({
      status: 404,
      code: "DeviceNotOnline",
      kind: "Error",
      message: "Not found",
    });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    const unanswered = refusal(invoke(hub, call));
    await heard(device);
    await clock.advance(5000);
    expect(await unanswered).toMatchObject({
      status: 504,
      code: "GatewayTimeout",
      kind: "GatewayTimeoutError",
    });
  });
});

describe("the errors of direct methods", () => {
  it("name 504101 when the device does not answer, on the hub's clock", async () => {
    const clock = createObservedClock();
    await using fixture = await openHub({ clock });
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    const call = post(hub, { methodName: "ping", responseTimeoutInSeconds: 300 });
    const { requestId } = await heard(device);
    await clock.advance(299_999);
    expect(hub.calls().answers.directMethods).toBeUndefined();
    await clock.advance(1);
    const { status, body } = await call;
    expect(status).toBe(504);
    expect(JSON.parse((body as { Message: string }).Message)).toMatchObject({
      errorCode: 504101,
      message: "Timed out waiting for the response from device.",
      info: {},
    });
    // Too late: nobody waits, and nothing happens.
    device.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`));
    device.send({ cmd: "pingreq" });
    expect(await device.receive("pingresp")).toBeDefined();
  });

  it.each([
    ["no name", { payload: 1 }],
    ["an empty name", { methodName: "" }],
    ["a name with a slash", { methodName: "a/b" }],
    ["a name with a blank", { methodName: "a b" }],
    ["a name beyond ASCII", { methodName: "é" }],
    ["a name with a wildcard", { methodName: "a+" }],
    ["a name with a parameter", { methodName: "a?$rid=1" }],
    ["a name of 101 characters", { methodName: "a".repeat(101) }],
    ["a response time under 5 s", { methodName: "a", responseTimeoutInSeconds: 4 }],
    ["a response time over 300 s", { methodName: "a", responseTimeoutInSeconds: 301 }],
    ["a connect time over 300 s", { methodName: "a", connectTimeoutInSeconds: 301 }],
    ["a time that is no number", { methodName: "a", responseTimeoutInSeconds: "9" }],
    ["a body that is no object", [1]],
  ])("are 400 for %s", async (_case, body) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await post(fixture.hub, body)).toMatchObject({
      status: 400,
      headers: { "iothub-errorcode": "ArgumentInvalid" },
    });
  });

  it.each(["a", "get-Telemetry_2", "!%&'*-.^`|~"])("are none for the name %s", async (methodName) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(fixture.hub, "d1");
    await listen(device);
    const call = post(fixture.hub, { methodName });
    const { name, requestId } = await heard(device);
    expect(name).toBe(methodName);
    device.send(aPublish(`$iothub/methods/res/-7/?$rid=${requestId}`));
    expect(await call).toMatchObject({ status: 200, body: { status: -7, payload: null } });
  });

  it("are 413 for a payload over 128 KB, and 502 for an answer that is larger, no JSON or too deep [G]", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    const most = "x".repeat(128 * 1024 - 2);
    expect(await post(hub, { methodName: "a", payload: `${most}x` })).toMatchObject({ status: 413 });
    for (const [payload, status] of [
      [JSON.stringify(most), 200],
      [JSON.stringify(`${most}x`), 502],
      ["not JSON", 502],
      ["[".repeat(60_000) + "]".repeat(60_000), 502],
    ] as const) {
      const call = post(hub, { methodName: "a", payload: most });
      const { requestId, payload: received } = await heard(device);
      expect(received.length).toBe(128 * 1024);
      device.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`, { payload }));
      expect((await call).status).toBe(status);
    }
  });

  it("are 401 without ServiceConnect", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const path = "/twins/d1/methods?api-version=2021-04-12";
    const headers = authorized(hub, "registryReadWrite");
    expect(await sendToService(hub, path, { method: "POST", headers, body: "{}" })).toMatchObject({
      status: 401,
    });
  });
});

describe("a direct method", () => {
  it("waits for the device to connect and to subscribe, for as long as connectTimeoutInSeconds", async () => {
    const clock = createObservedClock();
    await using fixture = await openHub({ clock });
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const waits = clock.nextSleep();
    const call = post(hub, { methodName: "ping", connectTimeoutInSeconds: 60 });
    expect(await waits).toBe(60_000);
    await using device = await connectRawDevice(hub, "d1");
    await listen(device, "$iothub/twin/res/#");
    await clock.advance(59_999);
    expect(device.pending).toEqual([]);
    await listen(device);
    const { requestId } = await heard(device);
    device.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`, { payload: "1" }));
    expect(await call).toMatchObject({ status: 200, body: { status: 200, payload: 1 } });
  });

  it("gives up when a connected device has not subscribed in time", async () => {
    const clock = createObservedClock();
    await using fixture = await openHub({ clock });
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    const waits = clock.nextSleep();
    const call = post(hub, { methodName: "ping", connectTimeoutInSeconds: 60 });
    await waits;
    await clock.advance(60_000);
    const { status, body } = await call;
    expect(status).toBe(404);
    expect(JSON.parse((body as { Message: string }).Message)).toMatchObject({
      errorCode: 404103,
      info: { timeout: "00:01:00" },
    });
    expect(device.pending).toEqual([]);
  });

  it("fails at once when the device disconnects with the call pending [G], and a later answer changes nothing", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    const call = post(hub, { methodName: "ping" });
    const { requestId } = await heard(device);
    hub.dropConnection("d1");
    const { status, headers } = await call;
    expect({ status, code: headers["iothub-errorcode"] }).toEqual({ status: 404, code: "DeviceNotOnline" });
    await using again = await connectRawDevice(hub, "d1");
    const next = post(hub, { methodName: "ping" });
    const { requestId: newId } = await heard(again);
    again.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`, { payload: '"old"' }));
    again.send(aPublish(`$iothub/methods/res/200/?$rid=${newId}`, { payload: '"new"' }));
    expect((await next).body).toEqual({ status: 200, payload: "new" });
  });

  it("is answered by its own device alone, and once", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await using device = await connectRawDevice(hub, "d1");
    await using other = await connectRawDevice(hub, "d2");
    await listen(device);
    await listen(other);
    const call = post(hub, { methodName: "ping" });
    const { requestId } = await heard(device);
    const topic = `$iothub/methods/res/200/?$rid=${requestId}`;
    other.send(aPublish(topic, { payload: '"forged"' }));
    other.send({ cmd: "pingreq" });
    await other.receive("pingresp");
    device.send(aPublish(topic, { payload: '"mine"' }));
    device.send(aPublish(topic, { payload: '"again"' }));
    expect((await call).body).toEqual({ status: 200, payload: "mine" });
    expect(other.pending).toEqual([]);
  });

  it("spends KB of its throttle, four at least, by the request's payload", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const payload = "x".repeat(100 * 1024);
    // 104 of 160 KB a second, then 14 small ones of 4 KB.
    expect((await post(hub, { methodName: "a", payload })).status).toBe(404);
    for (let index = 0; index < 14; index++) expect((await post(hub, { methodName: "a" })).status).toBe(404);
    expect(await post(hub, { methodName: "a" })).toMatchObject({
      status: 429,
      headers: { "iothub-errorcode": "ThrottlingException" },
    });
    expect(hub.calls().throttledBy).toEqual({ directMethods: 1 });
  });

  it("counts as its request and its answer, or as the answer that the device is not there", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const used = async (work: () => Promise<unknown>): Promise<number> => {
      const before = hub.quota().used;
      await work();
      return hub.quota().used - before;
    };
    // Microsoft's own example: a body of 6 KB and an answer of 1 KB are three messages.
    const request = { methodName: "a", payload: "x".repeat(6 * 1024) };
    expect(await used(() => post(hub, request))).toBe(3);
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    expect(
      await used(async () => {
        const call = post(hub, request);
        const { requestId } = await heard(device);
        const payload = JSON.stringify("x".repeat(1024));
        device.send(aPublish(`$iothub/methods/res/200/?$rid=${requestId}`, { payload }));
        await call;
      }),
    ).toBe(3);
  });

  it("can be invoked in the hub's process, with the same errors", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    await expect(hub.invokeMethod("d1", { methodName: "a" })).rejects.toMatchObject({
      status: 404,
      code: "DeviceNotFound",
    });
    hub.createDevice({ deviceId: "d1" });
    await expect(hub.invokeMethod("d1", { methodName: "a/b" })).rejects.toMatchObject({ status: 400 });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    const call = hub.invokeMethod("d1", { methodName: "a" });
    const { requestId, payload } = await heard(device);
    expect(payload).toBe("");
    device.send(aPublish(`$iothub/methods/res/3/?$rid=${requestId}`, { payload: "[1]" }));
    expect(await call).toEqual({ status: 3, payload: [1] });
  });

  it("ends when the hub closes", async () => {
    const fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const call = fixture.hub.invokeMethod("d1", { methodName: "a", connectTimeoutMs: 300_000 });
    const ended = expect(call).rejects.toThrow();
    await fixture.hub.close();
    await ended;
  });

  it("is not heard by a device that unsubscribed", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await listen(device);
    device.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: ["$iothub/methods/POST/#"] });
    await device.receive("unsuback");
    expect((await post(hub, { methodName: "ping" })).status).toBe(404);
    expect(device.pending).toEqual([]);
  });
});
