import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { Message } from "azure-iot-device";
import { describe, expect, it } from "vitest";
import { parsePropertyBag, writePropertyBag } from "../../../local/hub/mqtt/property-bag.ts";
import type { LocalHub, TelemetryMessage } from "../../../local/hub/hub.ts";
import { createTelemetryLog, KEPT_BYTES } from "../../../local/hub/telemetry-log.ts";
import { connectDevice } from "./device-client.ts";
import { openHub } from "./hub-fixture.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";
import { sendToService } from "./service-request.ts";
import { authorized } from "./service-token.ts";

const EVENTS = "devices/d1/messages/events/";

function next(hub: LocalHub): Promise<TelemetryMessage> {
  return new Promise((resolve) => {
    const subscription = hub.telemetry.subscribe((message) => {
      subscription[Symbol.dispose]();
      resolve(message);
    });
  });
}

describe("a message from a device", () => {
  it.each(["Mqtt", "MqttWs"] as const)(
    "arrives with all that Microsoft's SDK sends, over %s",
    async (transport) => {
      await using fixture = await openHub();
      const { hub, clock } = fixture;
      hub.createDevice({ deviceId: "d1" });
      await using device = await connectDevice(hub, "d1", { transport });
      await clock.advance(1000);
      const message = new Message(JSON.stringify({ temperature: 21.5 }));
      message.messageId = "m/1";
      message.correlationId = "c&1";
      message.contentType = "application/json";
      message.contentEncoding = "utf-8";
      message.properties.add("site", "Köln & Düren=#+");
      message.properties.add("__proto__", "harmless");
      const heard = next(hub);
      await device.client.sendEvent(message);
      const received = await heard;
      expect(received).toMatchObject({
        sequenceNumber: 1,
        connectionDeviceId: "d1",
        enqueuedAt: Date.UTC(2026, 0, 1, 0, 0, 1),
        messageId: "m/1",
        correlationId: "c&1",
        contentType: "application/json",
        contentEncoding: "utf-8",
        systemProperties: {},
      });
      expect(Object.entries(received.properties)).toEqual([
        ["site", "Köln & Düren=#+"],
        ["__proto__", "harmless"],
      ]);
      expect(JSON.parse(received.body.toString())).toEqual({ temperature: 21.5 });
      expect(received.connectionDeviceGenerationId).toBe(
        (await fixture.registry.get("d1")).responseBody["generationId" as "deviceId"],
      );
      expect(hub.telemetry.latest()).toEqual([received]);
    },
  );

  it("is accepted at QoS 0 as at QoS 1, and acknowledged after it was accepted", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    const order: string[] = [];
    hub.telemetry.subscribe(({ body }) => order.push(body.toString()));
    device.send(aPublish(EVENTS, { payload: "zero" }));
    device.send(aPublish(EVENTS, { payload: "one", messageId: 7 }));
    expect((await device.receive("puback"))?.messageId).toBe(7);
    expect(order).toEqual(["zero", "one"]);
  });

  it("says which module it is from, and cannot be from another's", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    await using module = await connectRawDevice(hub, "d1/m1");
    module.send(aPublish("devices/d1/modules/m1/messages/events/", { messageId: 1 }));
    await module.receive("puback");
    expect(hub.telemetry.latest()).toMatchObject([{ connectionDeviceId: "d1", connectionModuleId: "m1" }]);
    module.send(aPublish(EVENTS, { messageId: 2 }));
    expect(await module.receive("puback")).toBeUndefined();
    expect(hub.telemetry.latest().length).toBe(1);
  });

  it("has up to 256 KB with its properties; one over that ends the connection unacknowledged", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    const topic = `${EVENTS}ab=cd`;
    device.send(aPublish(topic, { payload: Buffer.alloc(256 * 1024 - 4), messageId: 1 }));
    expect(await device.receive("puback")).toBeDefined();
    device.send(aPublish(topic, { payload: Buffer.alloc(256 * 1024 - 3), messageId: 2 }));
    expect(await device.receive("puback")).toBeUndefined();
    expect(hub.telemetry.latest().length).toBe(1);
    expect(hub.calls().deviceAnswers.messages).toEqual({ 204: 1, 413: 1 });
  });

  it("is not retained, and only says that it should have been", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    device.send({ ...aPublish(EVENTS, { messageId: 1 }), retain: true } as Parameters<typeof device.send>[0]);
    await device.receive("puback");
    expect(hub.telemetry.latest()).toMatchObject([{ properties: { "x-opt-retain": "true" } }]);
  });

  it("survives a listener that fails", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.telemetry.subscribe(() => {
      throw new Error("a listener's own trouble");
    });
    const heard = next(hub);
    await using device = await connectRawDevice(hub, "d1");
    device.send(aPublish(EVENTS, { messageId: 1 }));
    expect(await device.receive("puback")).toBeDefined();
    await heard;
  });
});

describe("the properties in a topic", () => {
  it.each([
    ["", {}, {}],
    ["a=1&b=2", {}, { a: "1", b: "2" }],
    ["?a=1", {}, { a: "1" }],
    ["a=1/", {}, { a: "1" }],
    ["%24.mid=1&$.cid=2", { mid: "1", cid: "2" }, {}],
    ["a", {}, { a: "" }],
    ["a=b=c", {}, { a: "b=c" }],
    ["a=1&a=2", {}, { a: "2" }],
    ["=1", {}, { "": "1" }],
    ["a=%zz&%=b", {}, { a: "%zz", "%": "b" }],
    ["a+b=c+d", {}, { "a+b": "c+d" }],
    ["&&&", {}, {}],
  ])("of %j are read [G for what is malformed]", (bag, system, application) => {
    expect(parsePropertyBag(bag)).toEqual({ system, application });
  });

  it("come back as they were written, with nothing in them that a topic cannot have", () => {
    const properties = {
      system: { mid: "1/2", to: "/devices/d1" },
      application: { "a+b": "#&=?", "\u{1F600}": "\uD800x", constructor: "" },
    };
    const bag = writePropertyBag(properties);
    expect(bag).not.toMatch(/[#+/?]/u);
    expect(parsePropertyBag(bag)).toEqual({
      ...properties,
      application: { ...properties.application, "\u{1F600}": "\uFFFDx" },
    });
  });
});

describe("the latest messages", () => {
  const message = (bytes: number): Omit<TelemetryMessage, "sequenceNumber"> => ({
    connectionDeviceId: "d1",
    connectionDeviceGenerationId: "1",
    enqueuedAt: 0,
    systemProperties: {},
    properties: {},
    body: Buffer.alloc(bytes),
  });

  it("are bounded by number and by bytes, and keep the newest", () => {
    const log = createTelemetryLog(3);
    for (let index = 0; index < 5; index++) log.append(message(1));
    expect(log.latest().map(({ sequenceNumber }) => sequenceNumber)).toEqual([3, 4, 5]);
    log.append(message(KEPT_BYTES - 1));
    expect(log.latest().map(({ sequenceNumber }) => sequenceNumber)).toEqual([5, 6]);
    log.append(message(KEPT_BYTES + 1));
    expect(log.latest().map(({ sequenceNumber }) => sequenceNumber)).toEqual([7]);
  });

  it("are none when none are to be kept, and a number is needed", () => {
    const log = createTelemetryLog(0);
    log.append(message(1));
    expect(log.latest()).toEqual([]);
    expect(() => createTelemetryLog(-1)).toThrow(/telemetryKept is -1/u);
  });
});

describe("the page of messages", () => {
  /** Read a stream until it has what is looked for. */
  async function read(
    hub: LocalHub,
    path: string,
    headers: object,
    enough: (text: string) => boolean,
  ): Promise<{ type: string; text: string }> {
    const call = request({
      host: "localhost",
      port: hub.httpsPort,
      ca: hub.caPem,
      agent: false,
      path,
      headers: { ...headers },
    });
    call.end();
    const [response] = (await once(call, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) {
      text += String(chunk);
      if (enough(text)) break;
    }
    return { type: response.headers["content-type"] ?? "", text };
  }

  it("streams them as JSON lines, the latest first when asked", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    for (const payload of ["a", "b", "c"])
      device.send(aPublish(`${EVENTS}%24.mid=${payload}&n=1`, { payload, messageId: 1 }));
    await expect.poll(() => hub.telemetry.latest().length, { timeout: 10_000 }).toBe(3);
    // It is a reader once it has the two; a third message comes as it is sent.
    let isReading = false;
    const { type, text } = await read(hub, "/telemetry?latest=2", authorized(hub), (found) => {
      const lines = found.split("\n").length - 1;
      if (lines >= 2 && !isReading) {
        isReading = true;
        device.send(aPublish(EVENTS, { payload: Buffer.from([0xff]) }));
      }
      return lines >= 3;
    });
    expect(type).toBe("application/x-ndjson; charset=utf-8");
    const lines = text
      .split("\n")
      .slice(0, 3)
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { sequenceNumber: 2, connectionDeviceId: "d1", messageId: "b", properties: { n: "1" }, body: "b" },
      { sequenceNumber: 3, enqueuedTime: "2026-01-01T00:00:00.0000000Z", body: "c" },
      { sequenceNumber: 4, bodyBase64: "/w==" },
    ]);
  });

  it("streams them as server-sent events for who accepts those", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    device.send(aPublish(EVENTS, { payload: "line\nbreak", messageId: 1 }));
    await device.receive("puback");
    const headers = { ...authorized(hub), Accept: "text/event-stream" };
    const { type, text } = await read(hub, "/telemetry?latest=9", headers, (found) => found.endsWith("\n\n"));
    expect(type).toBe("text/event-stream");
    expect(text).toMatch(/^id: 1\ndata: \{.*"body":"line\\nbreak"\}\n\n$/u);
  });

  it("is for who may connect as a service, and counts nowhere", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    expect((await sendToService(hub, "/telemetry")).status).toBe(401);
    for (const policy of ["registryReadWrite", "device"] as const)
      expect((await sendToService(hub, "/telemetry", { headers: authorized(hub, policy) })).status).toBe(401);
    expect(hub.calls().total).toBe(0);
  });
});
