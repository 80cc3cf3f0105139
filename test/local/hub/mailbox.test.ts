import { once } from "node:events";
import type { Message } from "azure-iot-device";
import { describe, expect, it } from "vitest";
import type { Feedback, LocalHub } from "../../../local/hub/hub.ts";
import { connectDevice } from "./device-client.ts";
import { openHub } from "./hub-fixture.ts";
import { connectRaw } from "./raw-connect.ts";
import { connectRawDevice } from "./raw-device.ts";
import { arrived, type RawMqtt } from "./raw-mqtt.ts";
import { sendToService, type ServiceAnswer } from "./service-request.ts";
import { authorized } from "./service-token.ts";

const MAILBOX = "devices/d1/messages/devicebound/#";

async function send(
  hub: LocalHub,
  body: string,
  { to = "/devices/d1/messages/deviceBound", ...headers }: Record<string, string> = {},
): Promise<ServiceAnswer> {
  return sendToService(hub, "/messages/deviceBound?api-version=2021-04-12", {
    method: "POST",
    headers: { ...authorized(hub), "iothub-to": to, ...headers },
    body,
  });
}

async function subscribe(raw: RawMqtt, qos: 0 | 1 | 2 = 1): Promise<void> {
  raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: MAILBOX, qos }] });
  await raw.receive("suback");
}

function textOf(message: Message): string {
  return Buffer.from(message.getData() as Buffer).toString(); // what came over MQTT is a buffer
}

async function arrivedBodies(raw: RawMqtt): Promise<readonly string[]> {
  return (await arrived(raw)).flatMap((packet) =>
    packet.cmd === "publish" ? [packet.payload.toString()] : [],
  );
}

async function counted({ registry }: Awaited<ReturnType<typeof openHub>>): Promise<unknown[]> {
  const identity: { cloudToDeviceMessageCount?: unknown } = (await registry.get("d1")).responseBody;
  const twin: object = (await registry.getTwin("d1")).responseBody;
  return [Number(identity.cloudToDeviceMessageCount), (twin as typeof identity).cloudToDeviceMessageCount];
}

describe("a message to a device through Microsoft's SDK", () => {
  it.each(["Mqtt", "MqttWs"] as const)(
    "arrives with its properties and is completed, over %s",
    async (transport) => {
      await using fixture = await openHub();
      const { hub } = fixture;
      hub.createDevice({ deviceId: "d1" });
      await using device = await connectDevice(hub, "d1", { transport });
      const received = once(device.client, "message") as Promise<[Message]>;
      const { status, body } = await send(hub, "restart, please", {
        "iothub-messageid": "m-1",
        "iothub-correlationid": "c/1",
        "iothub-expiry": "2026-01-01T00:30:00Z",
        "iothub-app-Reason": "a b&c=d",
        "iothub-ack": "full",
      });
      expect({ status, body }).toEqual({ status: 204, body: undefined });
      const [message] = await received;
      await device.client.complete(message);
      expect(textOf(message)).toBe("restart, please");
      expect(message).toMatchObject({
        messageId: "m-1",
        correlationId: "c/1",
        to: "/devices/d1/messages/deviceBound",
        expiryTimeUtc: "2026-01-01T00:30:00.000Z",
      });
      expect(message.properties.getValue("Reason")).toBe("a b&c=d");
      expect(message.properties.getValue("iothub-ack")).toBe("full");
      await expect
        .poll(() => hub.mail(), { timeout: 10_000 })
        .toEqual({ enqueued: 1, completed: 1, expired: 0, purged: 0 });
      expect(await counted(fixture)).toEqual([0, 0]);
    },
  );

  it("waits while the device is away, and comes in order when it is back", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    for (const body of ["1", "2", "3"]) hub.sendToDevice("d1", { body: Buffer.from(body) });
    expect(await counted(fixture)).toEqual([3, 3]);
    await using device = await connectDevice(hub, "d1");
    const bodies: string[] = [];
    device.client.on("message", (message: Message) => {
      bodies.push(textOf(message));
      void device.client.complete(message);
    });
    await expect.poll(() => bodies, { timeout: 10_000 }).toEqual(["1", "2", "3"]);
    hub.dropConnection("d1");
    hub.sendToDevice("d1", { body: Buffer.from("4") });
    await expect.poll(() => bodies, { timeout: 10_000 }).toEqual(["1", "2", "3", "4"]);
    await expect.poll(() => hub.mail().completed, { timeout: 10_000 }).toBe(4);
  });
});

describe("the mailbox of a device", () => {
  it("gives what is not acknowledged again on the next connection, as a duplicate under the same id", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    for (const body of ["1", "2"]) hub.sendToDevice("d1", { body: Buffer.from(body) });
    await using first = await connectRawDevice(hub, "d1");
    await subscribe(first);
    const [one, two] = [await first.receive("publish"), await first.receive("publish")];
    expect([one, two]).toMatchObject([
      { dup: false, qos: 1, payload: Buffer.from("1") },
      { dup: false, qos: 1, payload: Buffer.from("2") },
    ]);
    first.send({ cmd: "puback", messageId: two?.messageId ?? 0 });
    expect(await arrivedBodies(first)).toEqual([]);
    hub.dropConnection("d1");
    hub.sendToDevice("d1", { body: Buffer.from("3") });
    await using second = await connectRawDevice(hub, "d1");
    const [again, three] = [await second.receive("publish"), await second.receive("publish")];
    expect(again).toMatchObject({ dup: true, messageId: one?.messageId, payload: Buffer.from("1") });
    expect(three).toMatchObject({ dup: false, payload: Buffer.from("3") });
    for (const packet of [again, three]) second.send({ cmd: "puback", messageId: packet?.messageId ?? 0 });
    await expect.poll(() => counted(fixture), { timeout: 10_000 }).toEqual([0, 0]);
  });

  it("gives what is not acknowledged within a minute again on the same connection", async () => {
    await using fixture = await openHub();
    const { hub, clock } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    hub.sendToDevice("d1", { body: Buffer.from("1") });
    const first = await device.receive("publish");
    await clock.advance(59_999);
    expect(await arrivedBodies(device)).toEqual([]);
    await clock.advance(1);
    const second = await device.receive("publish");
    expect(second).toMatchObject({ dup: true, messageId: first?.messageId });
    device.send({ cmd: "puback", messageId: second?.messageId ?? 0 });
    await arrivedBodies(device);
    await clock.advance(120_000);
    expect(await arrivedBodies(device)).toEqual([]);
    expect(hub.mail()).toMatchObject({ completed: 1 });
  });

  it("is not emptied by acknowledgements of nothing, nor twice by the same", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await using device = await connectRawDevice(hub, "d1");
    await using other = await connectRawDevice(hub, "d2");
    await subscribe(device);
    hub.sendToDevice("d1", { body: Buffer.from("1") });
    const messageId = (await device.receive("publish"))?.messageId ?? 0;
    other.send({ cmd: "puback", messageId });
    device.send({ cmd: "puback", messageId: messageId + 1 });
    device.send({ cmd: "pubcomp", messageId });
    await arrivedBodies(other);
    await arrivedBodies(device);
    expect(hub.mail().completed).toBe(0);
    device.send({ cmd: "puback", messageId });
    hub.sendToDevice("d1", { body: Buffer.from("2") });
    device.send({ cmd: "puback", messageId });
    await device.receive("publish");
    await arrivedBodies(device);
    expect(hub.mail()).toMatchObject({ completed: 1 });
  });

  it("is a device's own: no other subscribes to it or gets from it", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await using spy = await connectRawDevice(hub, "d2");
    const filters = [
      MAILBOX,
      "devices/+/messages/devicebound/#",
      "#",
      "+/+/messages/#",
      "$share/g/devices/d1/messages/devicebound/#",
    ];
    spy.send({ cmd: "subscribe", messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) });
    expect((await spy.receive("suback"))?.granted).toEqual(filters.map(() => 128));
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    hub.sendToDevice("d1", { body: Buffer.from("private") });
    await device.receive("publish");
    expect(await arrivedBodies(spy)).toEqual([]);
  });

  it("gives at QoS 0 to whoever subscribed so, once [G]", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device, 0);
    hub.sendToDevice("d1", { body: Buffer.from("1") });
    expect(await device.receive("publish")).toMatchObject({ qos: 0 });
    expect(hub.mail()).toMatchObject({ completed: 1 });
  });

  it("serves a clean session too, which knows of no earlier delivery", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.sendToDevice("d1", { body: Buffer.from("1") });
    for (let session = 0; session < 2; session++) {
      const { raw } = await connectRaw(hub, "d1", { clean: true });
      await using device = raw;
      expect(await arrivedBodies(device)).toEqual([]);
      await subscribe(device);
      expect(await device.receive("publish")).toMatchObject({ dup: false });
    }
  });

  it("holds 50 messages, then refuses more", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    for (let index = 0; index < 50; index++) expect((await send(hub, String(index))).status).toBe(204);
    expect(await send(hub, "one too many")).toMatchObject({
      status: 403,
      headers: { "iothub-errorcode": "DeviceMaximumQueueDepthExceeded" },
    });
    expect(await counted(fixture)).toEqual([50, 50]);
  });

  it("lets messages expire: after an hour, or when they say", async () => {
    await using fixture = await openHub();
    const { hub, clock } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await send(hub, "an hour");
    await send(hub, "a minute", { "iothub-expiry": "2026-01-01T00:01:00Z" });
    await send(hub, "past", { "iothub-expiry": "2025-01-01T00:00:00Z" });
    expect(await counted(fixture)).toEqual([2, 2]);
    await clock.advance(60_000);
    expect(await counted(fixture)).toEqual([1, 1]);
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    expect(await arrivedBodies(device)).toEqual(["an hour"]);
    await clock.advance(3_540_000);
    expect(await counted(fixture)).toEqual([0, 0]);
    expect(hub.mail()).toEqual({ enqueued: 3, completed: 0, expired: 3, purged: 0 });
  });

  it("can be purged, over REST", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    for (const body of ["1", "2"]) await send(hub, body);
    const path = "/devices/d1/commands?api-version=2021-04-12";
    const headers = authorized(hub);
    expect(await sendToService(hub, path, { method: "DELETE", headers })).toMatchObject({
      status: 200,
      body: { deviceId: "d1", moduleId: null, totalMessagesPurged: 2 },
    });
    expect(await counted(fixture)).toEqual([0, 0]);
    expect(hub.mail()).toMatchObject({ purged: 2 });
    const unknown = await sendToService(hub, path.replace("d1", "d9"), { method: "DELETE", headers });
    expect(unknown.status).toBe(404);
  });

  it("goes with its device: a new one of the same id finds nothing", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    hub.sendToDevice("d1", { body: Buffer.from("for the old one") });
    await registry.delete("d1");
    hub.createDevice({ deviceId: "d1" });
    expect(await counted(fixture)).toEqual([0, 0]);
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    expect(await arrivedBodies(device)).toEqual([]);
  });

  it("tells senders who asked for it what became of their messages, and no others", async () => {
    await using fixture = await openHub();
    const { hub, clock } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const feedback: Feedback[] = [];
    hub.feedback.subscribe((record) => feedback.push(record));
    const outcomes = (): string[] =>
      feedback.map((record) => `${record.originalMessageId} ${record.statusCode}`);
    const sendAll = async (): Promise<void> => {
      for (const ack of ["none", "positive", "negative", "full"])
        await send(hub, ack, { "iothub-messageid": ack, "iothub-ack": ack });
    };
    await sendAll();
    await clock.advance(3_600_000);
    expect(outcomes()).toEqual(["negative Expired", "full Expired"]);
    await sendAll();
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    for (let index = 0; index < 4; index++)
      device.send({ cmd: "puback", messageId: (await device.receive("publish"))?.messageId ?? 0 });
    await arrivedBodies(device);
    expect(outcomes().slice(2)).toEqual(["positive Success", "full Success"]);
    expect(feedback.at(-1)).toMatchObject({
      deviceId: "d1",
      description: "Success",
      enqueuedTimeUtc: "2026-01-01T01:00:00.000Z",
    });
    hub.dropConnection("d1");
    await send(hub, "", { "iothub-messageid": "p", "iothub-ack": "negative" });
    await sendToService(hub, "/devices/d1/commands?api-version=2021-04-12", {
      method: "DELETE",
      headers: authorized(hub),
    });
    expect(outcomes().at(-1)).toBe("p Purged");
  });

  it.each([
    ["no receiver", { to: "" }, 400],
    ["a receiver of another form", { to: "/twins/d1" }, 400],
    ["a module for a receiver", { to: "/devices/d1/modules/m1/messages/deviceBound" }, 400],
    ["a module's client id for a receiver", { to: "/devices/d1%2Fm1/messages/deviceBound" }, 400],
    ["an unknown receiver", { to: "/devices/d9/messages/deviceBound" }, 404],
    ["an unknown ack", { "iothub-ack": "maybe" }, 400],
    ["an expiry that is no instant", { "iothub-expiry": "soon" }, 400],
    ["a message id over 128 characters", { "iothub-messageid": "x".repeat(129) }, 400],
  ])("takes no message with %s", async (_case, headers, status) => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    fixture.hub.createDevice({ deviceId: "d1", moduleId: "m1" });
    expect((await send(fixture.hub, "", headers)).status).toBe(status);
    expect(fixture.hub.mail().enqueued).toBe(0);
  });

  it("takes bytes of any kind, up to 64 KB with the properties", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    expect((await send(hub, "x".repeat(64 * 1024))).status).toBe(413);
    expect((await send(hub, "x".repeat(63 * 1024))).status).toBe(204);
    expect(() => {
      hub.sendToDevice("d1", { body: Buffer.alloc(0), properties: { a: "ü".repeat(20_000) } });
    }).toThrow(/as they are encoded in a topic/u);
    const body = Buffer.from([0, 0xff, 0xfe]);
    hub.sendToDevice("d1", { body, properties: { "a/b#+": "\uD800" } });
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    await device.receive("publish");
    const second = await device.receive("publish");
    expect(second?.payload).toEqual(body);
    expect(second?.topic).toContain("&a%2Fb%23%2B=%EF%BF%BD");
  });

  it("reads the receiver's id from the header as it was meant", async () => {
    await using fixture = await openHub();
    const deviceId = "-.%_*?!(),=@$'";
    fixture.hub.createDevice({ deviceId });
    const to = `/devices/${encodeURIComponent(deviceId)}/messages/devicebound`;
    expect((await send(fixture.hub, "", { to })).status).toBe(204);
  });

  it("is filled within the throttle and the quota, with ServiceConnect", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const { hub } = fixture;
    for (const deviceId of ["d1", "d2", "d3"]) hub.createDevice({ deviceId });
    for (let index = 0; index < 100; index++) {
      const to = `/devices/d${(index % 3) + 1}/messages/deviceBound`;
      expect((await send(hub, "x".repeat(index === 0 ? 5000 : 1), { to })).status).toBe(204);
    }
    expect((await send(hub, "")).status).toBe(429);
    expect(hub.quota().used).toBe(101);
    const { status } = await sendToService(hub, "/messages/devicebound?api-version=2021-04-12", {
      method: "POST",
      headers: { ...authorized(hub, "registryReadWrite"), "iothub-to": "/devices/d1/messages/deviceBound" },
    });
    expect(status).toBe(401);
  });
});
