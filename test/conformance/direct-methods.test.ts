import type { DeviceMethodParams } from "azure-iothub";
import { expect } from "vitest";
import { refusal } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import type { RawDevice } from "./raw-device.ts";
import { TEXT } from "./variable-parts.ts";

const METHODS = "$iothub/methods/POST/#";
/** The SDK tells nobody when it has subscribed: the service waits for it. */
const WAITING = { connectTimeoutInSeconds: 30 };

async function invoke(
  hub: HubUnderTest,
  deviceId: string,
  parameters: DeviceMethodParams,
): Promise<{ status: number; payload: unknown }> {
  const called: { result: unknown } = await hub.methods.invokeDeviceMethod(deviceId, parameters);
  return called.result as { status: number; payload: unknown }; // the SDK types the answer as any
}

/** The next method that a bare device hears. */
async function heard(device: RawDevice): Promise<{ name: string; rid: string; payload: string }> {
  const { topic = "", payload = "" } = (await device.message()) ?? {};
  const [, name = "", rid = ""] = /^\$iothub\/methods\/POST\/([^/]+)\/\?\$rid=([^/]+)$/u.exec(topic) ?? [];
  return { name, rid, payload };
}

describeArea("direct methods", (it) => {
  for (const transport of ["Mqtt", "MqttWs"] as const) {
    it(`bring a payload to the device and its answer back, over ${transport} [facts 2.7]`, async (hub) => {
      const deviceId = await hub.newDevice();
      await using device = await hub.connect(deviceId, { transport });
      const payloads: unknown[] = [];
      device.client.onDeviceMethod("reboot", (request, response) => {
        payloads.push(request.payload);
        void response.send(202, { in: "5 s" });
      });
      const parameters = { methodName: "reboot", payload: { delay: 5 }, ...WAITING };
      expect(await invoke(hub, deviceId, parameters)).toEqual({ status: 202, payload: { in: "5 s" } });
      expect(payloads).toEqual([{ delay: 5 }]);
    });
  }

  it("are heard on the documented topic, and answered by its request id [facts 5.2]", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    await device.subscribe(METHODS);
    const call = invoke(hub, deviceId, { methodName: "get-Telemetry_2", payload: [1], ...WAITING });
    const { name, rid, payload } = await heard(device);
    expect({ name, payload }).toEqual({ name: "get-Telemetry_2", payload: "[1]" });
    device.publish(`$iothub/methods/res/7/?$rid=${rid}`, { payload: '{"a":1}' });
    expect(await call).toEqual({ status: 7, payload: { a: 1 } });
  });

  it("are answered without a payload as null", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    await device.subscribe(METHODS);
    const call = invoke(hub, deviceId, { methodName: "ping", ...WAITING });
    const { rid } = await heard(device);
    device.publish(`$iothub/methods/res/200/?$rid=${rid}`);
    expect(await call).toEqual({ status: 200, payload: null });
  });

  it("on a device that is not there are 404 DeviceNotFound", async (hub) => {
    expect(await refusal(invoke(hub, hub.newId(), { methodName: "ping" }))).toMatchObject({
      status: 404,
      code: "DeviceNotFound",
      kind: "DeviceNotFoundError",
    });
  });

  it("on a device that is not connected are 404103, as JSON inside of Message [facts 2.7]", async (hub) => {
    const deviceId = await hub.newDevice();
    const { status, body } = await hub.ask(`POST /twins/${deviceId}/methods`, {
      body: { methodName: "ping" },
    });
    expect(status).toBe(404);
    const { Message, ExceptionMessage } = body as { Message: string; ExceptionMessage: string };
    expect(ExceptionMessage).toBe("");
    expect(JSON.parse(Message)).toEqual({
      errorCode: 404103,
      trackingId: TEXT,
      message: "Timed out waiting for device to connect.",
      info: { timeout: "00:00:00" },
      timestampUtc: TEXT,
    });
    // In the SDK no more is left of it than this.
    expect(await refusal(invoke(hub, deviceId, { methodName: "ping" }))).toMatchObject({
      status: 404,
      kind: "Error",
      message: "Not found",
    });
  });

  it("that a device does not answer are 504101 after responseTimeoutInSeconds [facts 2.7]", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    await device.subscribe(METHODS);
    const body = { methodName: "ping", responseTimeoutInSeconds: 5 };
    const call = hub.ask(`POST /twins/${deviceId}/methods`, { body });
    await heard(device);
    await hub.pass(6000);
    const answer = await call;
    expect(answer.status).toBe(504);
    expect(JSON.parse((answer.body as { Message: string }).Message)).toMatchObject({
      errorCode: 504101,
      message: "Timed out waiting for the response from device.",
    });
  });

  it("that a device does not answer are a GatewayTimeoutError in the SDK [facts 4.2]", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    await device.subscribe(METHODS);
    const call = refusal(invoke(hub, deviceId, { methodName: "ping", responseTimeoutInSeconds: 5 }));
    await heard(device);
    await hub.pass(6000);
    expect(await call).toMatchObject({ status: 504, kind: "GatewayTimeoutError" });
  });

  it("take a payload of 128 KB [facts 2.7]", async (hub) => {
    const deviceId = await hub.newDevice();
    await using device = await hub.connectRaw(deviceId);
    await device.subscribe(METHODS);
    await hub.pass(1000); // 160 KB a second is their limit
    // A little less, since it is not documented whether names count.
    const call = invoke(hub, deviceId, { methodName: "a", payload: "x".repeat(127 * 1024), ...WAITING });
    const { rid, payload } = await heard(device);
    expect(payload).toHaveLength(127 * 1024 + 2);
    device.publish(`$iothub/methods/res/200/?$rid=${rid}`, { payload });
    expect((await call).payload).toHaveLength(127 * 1024);
  });

  it("are refused with a payload over 128 KB", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.pass(1000); // 160 KB a second is their limit
    const body = { methodName: "a", payload: "x".repeat(130 * 1024) };
    const { status } = await hub.ask(`POST /twins/${deviceId}/methods`, { body });
    expect([400, 413]).toContain(status);
  });

  it("are refused by 413 with a payload over 128 KB [G]", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.pass(1000); // 160 KB a second is their limit
    const body = { methodName: "a", payload: "x".repeat(130 * 1024) };
    expect((await hub.ask(`POST /twins/${deviceId}/methods`, { body })).status).toBe(413);
  });

  for (const [what, body] of [
    ["a response time under 5 s", { methodName: "a", responseTimeoutInSeconds: 4 }],
    ["a response time over 300 s", { methodName: "a", responseTimeoutInSeconds: 301 }],
    ["a connect time over 300 s", { methodName: "a", connectTimeoutInSeconds: 301 }],
    ["no name", { payload: 1 }],
  ] as const) {
    it(`are refused with ${what} [facts 2.7]`, async (hub) => {
      const deviceId = await hub.newDevice();
      expect((await hub.ask(`POST /twins/${deviceId}/methods`, { body })).status).toBe(400);
    });
  }

  it("on a module that is away are 404, by the address of a module", async (hub) => {
    const deviceId = await hub.newDevice();
    await hub.registry.addModule({ deviceId, moduleId: "m1" });
    const absent = hub.methods.invokeDeviceMethod(deviceId, "m1", { methodName: "ping" });
    expect(await refusal(absent as unknown as Promise<unknown>)).toMatchObject({
      status: 404,
      kind: "Error",
    });
  });
});
