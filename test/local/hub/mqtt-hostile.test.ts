import { generate, type Packet } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { connectDevice } from "./device-client.ts";
import { openHub, type HubFixture } from "./hub-fixture.ts";
import { aConnect, connectRaw } from "./raw-connect.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";
import { arrived, openRawMqtt } from "./raw-mqtt.ts";

async function twoDevices(): Promise<HubFixture> {
  const fixture = await openHub();
  for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
  return fixture;
}

async function hubServes({ hub }: HubFixture): Promise<void> {
  await using device = await connectDevice(hub, "d2");
  await device.report({ alive: true });
}

describe("subscriptions", () => {
  it.each([
    "#",
    "+",
    "+/#",
    "/#",
    "$iothub/#",
    "$iothub/+/res/#",
    "$iothub/twin/#",
    "$iothub/twin/+/#",
    "$iothub/twin/res/+",
    "$iothub/twin/PATCH/properties/desired/+",
    "$iothub/methods/#",
    "$iothub/methods/res/#",
    "$iothub/twin/PATCH/properties/reported/#",
    "$SYS/#",
    "$SYS/+/new/clients",
    "$share/group/#",
    "$share/group/$iothub/twin/res/#",
    "$share/group/devices/d2/messages/devicebound/#",
    "devices/+/messages/devicebound/#",
    "devices/#",
    "devices/d2/messages/devicebound/#",
    "devices/d1/messages/devicebound/+",
    "devices/d1/messages/events/#",
    "devices/d1/#",
    "devices/d1/modules/m1/messages/devicebound/#",
    "constructor",
    "__proto__",
  ])("to %s are refused, and kept nowhere", async (topic) => {
    await using fixture = await twoDevices();
    await using device = await connectRawDevice(fixture.hub, "d1");
    device.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] });
    expect((await device.receive("suback"))?.granted).toEqual([128]);
    await using again = await openRawMqtt(fixture.hub);
    again.send(aConnect(fixture.hub, "d1"));
    expect((await again.receive("connack"))?.sessionPresent).toBe(false);
  });

  it.each(["", "a/#/b", "a#", "a+/b", "x/".repeat(200)])(
    "to the malformed filter %j are refused or end the connection",
    async (topic) => {
      await using fixture = await twoDevices();
      await using device = await connectRawDevice(fixture.hub, "d1");
      // By hand: a well-behaved writer would refuse.
      const filter = Buffer.from(topic);
      const body = Buffer.concat([
        Buffer.from([0, 1, filter.length >> 8, filter.length & 0xff]),
        filter,
        Buffer.from([0]),
      ]);
      const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
      device.socket.write(Buffer.concat([Buffer.from([0x82, ...length]), body]));
      expect((await device.receive("suback"))?.granted ?? [128]).toEqual([128]);
      await hubServes(fixture);
    },
  );

  it("at QoS 2 are granted 1, and lower ones as they are", async () => {
    await using fixture = await twoDevices();
    await using device = await connectRawDevice(fixture.hub, "d1");
    const subscriptions = ([2, 1, 0] as const).map((qos, index) => ({
      topic:
        ["devices/d1/messages/devicebound/#", "$iothub/twin/res/#", "$iothub/methods/POST/#"][index] ?? "",
      qos,
    }));
    device.send({ cmd: "subscribe", messageId: 1, subscriptions });
    expect((await device.receive("suback"))?.granted).toEqual([1, 1, 0]);
    fixture.hub.sendToDevice("d1", { body: Buffer.from("1") });
    expect((await device.receive("publish"))?.qos).toBe(1);
    // Also when they are restored.
    fixture.hub.dropConnection("d1");
    await using again = await connectRawDevice(fixture.hub, "d1");
    expect(await again.receive("publish")).toMatchObject({ qos: 1, dup: true });
  });
});

describe("publishing", () => {
  it.each([
    "devices/d2/messages/events/",
    "devices/d2/messages/devicebound/",
    "devices/d1/messages/devicebound/",
    "devices/d1/messages/events", // without the last slash there are no properties
    "devices/d1/modules/m1/messages/events/",
    "$iothub/twin/res/200/?$rid=1",
    "$iothub/twin/PATCH/properties/desired/?$version=9",
    "$iothub/methods/POST/reboot/?$rid=1",
    "$iothub/methods/res/x/?$rid=1",
    "$iothub/twin/GET/",
    "$iothub/twin/GET/?$rid=",
    `$iothub/twin/GET/?$rid=${"x".repeat(257)}`,
    "$SYS/broker/new/clients",
    "$share/g/devices/d2/messages/events/",
    "a/".repeat(150),
    "anything",
  ])("to %s ends the connection and reaches nobody", async (topic) => {
    await using fixture = await twoDevices();
    await using spy = await connectRawDevice(fixture.hub, "d2");
    const filters = [
      "$iothub/twin/res/#",
      "$iothub/twin/PATCH/properties/desired/#",
      "$iothub/methods/POST/#",
      "devices/d2/messages/devicebound/#",
    ];
    spy.send({
      cmd: "subscribe",
      messageId: 1,
      subscriptions: filters.map((filter) => ({ topic: filter, qos: 1 })),
    });
    await spy.receive("suback");
    await using device = await connectRawDevice(fixture.hub, "d1");
    device.send(aPublish(topic, { messageId: 1 }));
    expect(await device.receive("puback")).toBeUndefined();
    expect(await arrived(spy)).toEqual([]);
    expect(fixture.hub.telemetry.latest()).toEqual([]);
  });

  it.each([
    ["no topic", [0x30, 2, 0, 0]],
    ["a wildcard", [0x30, 5, 0, 1, 0x23, 0, 0]],
    ["a topic longer than the packet", [0x30, 3, 0xff, 0xff, 0x61]],
    ["both QoS bits", [0x36, 5, 0, 1, 0x61, 0, 1]],
    ["a null character", [0x30, 3, 0, 1, 0]],
    [
      "a second CONNECT",
      [
        ...generate({
          cmd: "connect",
          clientId: "d1",
          protocolId: "MQTT",
          protocolVersion: 4,
          clean: true,
          keepalive: 0,
        }),
      ],
    ],
    ["a packet type that does not exist", [0x00, 0]],
    ["a packet that only a server sends", [0x20, 2, 0, 0]],
  ])("with %s ends the connection", async (_case, bytes) => {
    await using fixture = await twoDevices();
    await using device = await connectRawDevice(fixture.hub, "d1");
    device.socket.write(Buffer.from(bytes));
    expect(await device.receive("pingresp")).toBeUndefined();
    await hubServes(fixture);
  });

  it("by MQTT 5 is not possible, and so topic aliases are not", async () => {
    await using fixture = await twoDevices();
    await using raw = await openRawMqtt(fixture.hub);
    raw.send({ ...aConnect(fixture.hub, "d1"), protocolVersion: 5 });
    expect((await raw.receive("connack"))?.returnCode ?? 1).not.toBe(0);
    expect((await fixture.registry.get("d1")).responseBody.connectionState).toBe("Disconnected");
  });

  it("before CONNECT ends the connection", async () => {
    await using fixture = await twoDevices();
    await using raw = await openRawMqtt(fixture.hub);
    raw.send(aPublish("devices/d1/messages/events/", { messageId: 1 }));
    expect(await raw.receive("puback")).toBeUndefined();
    expect(fixture.hub.telemetry.latest()).toEqual([]);
  });
});

describe("a last will", () => {
  const withWill = (fixture: HubFixture, topic: string, qos: 0 | 1 | 2 = 1): Packet => ({
    ...aConnect(fixture.hub, "d1"),
    will: { topic, payload: Buffer.from("gone"), qos, retain: true },
  });

  it("on a device's own telemetry is a message when the connection is lost, and none after DISCONNECT", async () => {
    await using fixture = await twoDevices();
    const { hub } = fixture;
    for (const isGraceful of [true, false]) {
      await using raw = await openRawMqtt(hub);
      raw.send(withWill(fixture, "devices/d1/messages/events/a=1"));
      expect((await raw.receive("connack"))?.returnCode).toBe(0);
      if (isGraceful) raw.send({ cmd: "disconnect" });
      else raw.socket.destroy();
      await expect
        .poll(async () => (await fixture.registry.get("d1")).responseBody.connectionState, {
          timeout: 10_000,
        })
        .toBe("Disconnected");
      expect(hub.telemetry.latest().length).toBe(isGraceful ? 0 : 1);
    }
    expect(hub.telemetry.latest()).toMatchObject([
      { connectionDeviceId: "d1", properties: { a: "1", "iothub-MessageType": "Will" } },
    ]);
    expect(hub.telemetry.latest()[0]?.body.toString()).toBe("gone");
  });

  it.each([
    "devices/d2/messages/events/",
    "devices/d2/messages/devicebound/",
    "$iothub/twin/PATCH/properties/reported/?$rid=1",
    "$iothub/twin/PATCH/properties/desired/?$version=9",
    "$iothub/methods/res/200/?$rid=1",
    "$SYS/broker/new/clients",
    "a/".repeat(150),
  ])("on %s is ignored [G]", async (topic) => {
    await using fixture = await twoDevices();
    await using spy = await connectRawDevice(fixture.hub, "d2");
    await using raw = await openRawMqtt(fixture.hub);
    raw.send(withWill(fixture, topic));
    await raw.receive("connack");
    raw.socket.destroy();
    await expect
      .poll(async () => (await fixture.registry.get("d1")).responseBody.connectionState, { timeout: 10_000 })
      .toBe("Disconnected");
    expect(await arrived(spy)).toEqual([]);
    expect(fixture.hub.telemetry.latest()).toEqual([]);
    const { properties } = (await fixture.registry.getTwin("d1")).responseBody;
    expect(properties.reported["$version"]).toBe(1);
  });

  it("of a device that is disabled is not heard", async () => {
    await using fixture = await twoDevices();
    await using raw = await openRawMqtt(fixture.hub);
    raw.send(withWill(fixture, "devices/d1/messages/events/"));
    await raw.receive("connack");
    const { authentication } = (await fixture.registry.get("d1")).responseBody;
    await fixture.registry.update({ deviceId: "d1", authentication, status: "disabled" });
    expect(await raw.receive("pingresp")).toBeUndefined();
    expect(fixture.hub.telemetry.latest()).toEqual([]);
  });
});

describe("floods", () => {
  it("of requests whose answers nobody reads end the connection", async () => {
    await using fixture = await twoDevices();
    const { hub, registry } = fixture;
    const big = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`k${index}`, "x".repeat(3500)]));
    await registry.updateTwin("d1", { properties: { desired: big } }, "*");
    const { raw } = await connectRaw(hub, "d1");
    await using device = raw;
    device.socket.pause();
    const get = generate(aPublish("$iothub/twin/GET/?$rid=1"));
    for (let index = 0; index < 2000; index++) device.socket.write(get);
    await expect
      .poll(async () => (await registry.get("d1")).responseBody.connectionState, { timeout: 20_000 })
      .toBe("Disconnected");
    // Cut long before all of them were answered: 2,000 answers would be 56 MB.
    expect(hub.calls().devices.twinReads).toBeLessThan(1500);
    await hubServes(fixture);
  });

  it("of packets are all answered, in their order, when the answers are read", async () => {
    await using fixture = await twoDevices();
    await using device = await connectRawDevice(fixture.hub, "d1");
    for (let index = 1; index <= 5000; index++)
      device.send(aPublish("devices/d1/messages/events/", { payload: "x", messageId: index }));
    for (let index = 1; index <= 5000; index++)
      expect((await device.receive("puback"))?.messageId).toBe(index);
    expect(fixture.hub.telemetry.latest().length).toBe(1000);
  });

  it("of packets behind a CONNECT that is not answered yet end the connection", async () => {
    await using fixture = await twoDevices();
    const { hub } = fixture;
    hub.faults.add({ match: { call: "connections", deviceId: "d1" }, kind: "delay", ms: 1000 });
    await using raw = await openRawMqtt(hub);
    const packets = Array.from({ length: 200 }, () => generate(aPublish("devices/d1/messages/events/")));
    raw.socket.write(Buffer.concat([generate(aConnect(hub, "d1")), ...packets]));
    expect(await raw.receive("connack")).toBeUndefined();
    expect(hub.telemetry.latest()).toEqual([]);
  });
});
