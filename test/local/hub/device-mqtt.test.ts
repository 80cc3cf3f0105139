import type { Packet } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { connectDevice } from "./device-client.ts";
import { openHub } from "./hub-fixture.ts";
import { aConnect, connectRaw } from "./raw-connect.ts";
import { openRawMqtt } from "./raw-mqtt.ts";

describe.each(["Mqtt", "MqttWs"] as const)("a device on Microsoft's SDK over %s", (transport) => {
  const over = { transport };

  it("is Connected while it is, and active at the hub's time", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const state = async (): Promise<unknown> => {
      const { connectionState, lastActivityTime } = (await fixture.registry.get("d1")).responseBody;
      return { connectionState, lastActivityTime };
    };
    expect(await state()).toEqual({
      connectionState: "Disconnected",
      lastActivityTime: "0001-01-01T00:00:00Z",
    });
    const device = await connectDevice(fixture.hub, "d1", over);
    await fixture.clock.advance(1000);
    await device.report({ a: 1 });
    expect(await state()).toEqual({
      connectionState: "Connected",
      lastActivityTime: "2026-01-01T00:00:01.0000000Z",
    });
    await device.client.close();
    await expect
      .poll(state)
      .toEqual({ connectionState: "Disconnected", lastActivityTime: "2026-01-01T00:00:01.0000000Z" });
  });

  it("renews its token by a new connection, and still hears patches", async () => {
    await using fixture = await openHub({ tokenSkewMs: 0 });
    fixture.hub.createDevice({ deviceId: "d1" });
    // A token of four seconds, renewed after two: nothing is queued for the moment between two connections.
    const tokenRenewal = { tokenValidTimeInSeconds: 4, tokenRenewalMarginInSeconds: 2 };
    await using device = await connectDevice(fixture.hub, "d1", { ...over, tokenRenewal });
    await expect.poll(() => fixture.hub.calls().devices.connections, { timeout: 10_000 }).toBe(2);
    const heard = device.nextDesired();
    await fixture.registry.updateTwin("d1", { properties: { desired: { again: true } } }, "*");
    expect(await heard).toMatchObject({ again: true });
  });
});

describe("who may connect", () => {
  it.each([
    ["a token under the name localhost", { host: "localhost" }, 0],
    ["a token that expired within the allowed skew", { expiry: -200 }, 0],
    ["an expired token", { expiry: -400 }, 5],
    ["a module's name", { as: "d1/module" }, 5],
  ])("%s answers %3$i", async (_case, forged, expected) => {
    await using fixture = await openHub();
    for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
    const { raw, code } = await connectRaw(fixture.hub, "d1", forged);
    await using connection = raw;
    expect(code).toBe(expected);
    expect(connection.pending).toEqual([]);
  });

  it("may stay until its token is refused, which is when it expires if no skew is allowed", async () => {
    await using fixture = await openHub({ tokenSkewMs: 0 });
    fixture.hub.createDevice({ deviceId: "d1" });
    const { raw: late, code: refused } = await connectRaw(fixture.hub, "d1", { expiry: -1 });
    await using closed = late;
    expect({ refused, pending: closed.pending }).toEqual({ refused: 5, pending: [] });
    // Three seconds of real time at most, the one thing here that no clock can drive.
    const { raw, code } = await connectRaw(fixture.hub, "d1", { expiry: 3 });
    await using connection = raw;
    expect(code).toBe(0);
    expect(await connection.receive("pingresp")).toBeUndefined();
    await expect
      .poll(async () => (await fixture.registry.get("d1")).responseBody.connectionState)
      .toBe("Disconnected");
  });

  it("closes on a packet longer than any message, before it has been read", async () => {
    await using fixture = await openHub();
    await using raw = await openRawMqtt(fixture.hub);
    raw.socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]));
    expect(await raw.receive("connack")).toBeUndefined();
  });
});

describe("topics", () => {
  const publish = (topic: string, qos: 0 | 1 | 2 = 0): Packet => ({
    cmd: "publish",
    topic,
    payload: "{}",
    qos,
    dup: false,
    retain: false,
    ...(qos === 0 ? {} : { messageId: 9 }),
  });

  it.each([
    ["#", 128],
    ["$iothub/#", 128],
    ["$iothub/twin/PATCH/properties/desired/#", 0],
    ["$iothub/twin/res/#", 0],
    ["devices/d1/messages/devicebound/#", 0],
    ["devices/d2/messages/devicebound/#", 128],
    ["devices/+/messages/devicebound/#", 128],
    ["devices/d2/messages/events/#", 128],
    ["$SYS/#", 128],
  ])("grants a subscription to %s with %i", async (topic, granted) => {
    await using fixture = await openHub();
    for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
    const { raw } = await connectRaw(fixture.hub, "d1");
    await using connection = raw;
    connection.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] });
    expect((await connection.receive("suback"))?.granted).toEqual([granted]);
  });

  it.each([
    ["another device's telemetry", publish("devices/d2/messages/events/")],
    ["another device's mailbox", publish("devices/d2/messages/devicebound/")],
    ["a desired patch of its own making", publish("$iothub/twin/PATCH/properties/desired/?$version=9")],
    ["a twin answer", publish("$iothub/twin/res/200/?$rid=1")],
    ["the broker's own topics", publish("$SYS/any")],
  ])("end the connection of a device that publishes %s", async (_case, packet) => {
    await using fixture = await openHub();
    for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
    const { raw } = await connectRaw(fixture.hub, "d1");
    await using connection = raw;
    connection.send(packet);
    expect(await connection.receive("pingresp")).toBeUndefined();
  });

  it("carry a device's answers, patches and telemetry to nobody else", async () => {
    await using fixture = await openHub();
    for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
    const { raw: spy } = await connectRaw(fixture.hub, "d2");
    await using listening = spy;
    const filters = [
      "#",
      "$iothub/twin/res/#",
      "$iothub/twin/PATCH/properties/desired/#",
      "devices/d1/messages/events/#",
    ];
    listening.send({
      cmd: "subscribe",
      messageId: 1,
      subscriptions: filters.map((topic) => ({ topic, qos: 1 })),
    });
    await listening.receive("suback");
    const { raw } = await connectRaw(fixture.hub, "d1");
    await using device = raw;
    device.send({ ...publish("devices/d1/messages/events/", 1), retain: true } as Packet);
    device.send(publish("$iothub/twin/GET/?$rid=42"));
    await device.receive("puback");
    expect((await device.receive("publish"))?.topic).toBe("$iothub/twin/res/200/?$rid=42");
    await fixture.registry.updateTwin("d1", { properties: { desired: { mine: 1 } } }, "*");
    // The spy's own answer comes after anything that was on its way to it.
    listening.send({ cmd: "pingreq" });
    await listening.receive("pingresp");
    expect(listening.pending).toEqual([]);
  });

  it("say that the session is still there, and forget it when the device asks for a clean one or is deleted", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const present = async (clean: boolean, subscribes = false): Promise<boolean | undefined> => {
      await using raw = await openRawMqtt(fixture.hub);
      raw.send(aConnect(fixture.hub, "d1", { clean }));
      const connack = await raw.receive("connack");
      if (subscribes) {
        raw.send({
          cmd: "subscribe",
          messageId: 1,
          subscriptions: [{ topic: "$iothub/twin/res/#", qos: 0 }],
        });
        await raw.receive("suback");
      }
      return connack?.sessionPresent;
    };
    expect([await present(false, true), await present(false)]).toEqual([false, true]);
    expect([await present(true), await present(false, true)]).toEqual([false, false]);
    await fixture.registry.delete("d1");
    fixture.hub.createDevice({ deviceId: "d1" });
    expect(await present(false)).toBe(false);
  });

  it("keep nothing of a filter that was refused, though another in the same packet was granted", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    const granted = "$iothub/twin/res/#";
    {
      const { raw } = await connectRaw(fixture.hub, "d1");
      await using connection = raw;
      connection.send({
        cmd: "subscribe",
        messageId: 1,
        subscriptions: ["#", granted].map((topic) => ({ topic, qos: 1 })),
      });
      expect((await connection.receive("suback"))?.granted).toEqual([128, 1]);
      connection.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [granted] });
      await connection.receive("unsuback");
    }
    await using raw = await openRawMqtt(fixture.hub);
    raw.send(aConnect(fixture.hub, "d1"));
    expect((await raw.receive("connack"))?.sessionPresent).toBe(false);
  });
});
