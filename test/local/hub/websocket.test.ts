import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { generate } from "mqtt-packet";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { LocalHub } from "../../../local/hub/hub.ts";
import { connectDevice } from "./device-client.ts";
import { openHub } from "./hub-fixture.ts";
import { aConnect } from "./raw-connect.ts";
import { openRawMqttOverWebSocket } from "./raw-mqtt.ts";

function upgrade(hub: LocalHub, path: string, protocols: string[]): WebSocket {
  const socket = new WebSocket(`wss://localhost:${hub.httpsPort}${path}`, protocols, { ca: hub.caPem });
  socket.on("error", () => undefined); // a refused upgrade is told as an error too
  return socket;
}

async function refusalOf(socket: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  response.resume();
  socket.terminate();
  return response.statusCode;
}

describe("the WebSocket endpoint", () => {
  it.each(["/$iothub/websocket", "/%24iothub/websocket", "/$iothub/websocket?iothub-no-client-cert=true"])(
    "takes an upgrade at %s to mqtt, offered among others",
    async (path) => {
      await using fixture = await openHub();
      const socket = upgrade(fixture.hub, path, ["AMQPWSB10", "mqtt"]);
      await once(socket, "open");
      expect(socket.protocol).toBe("mqtt");
      socket.terminate();
    },
  );

  it.each([
    ["/", ["mqtt"], 404],
    ["/$iothub/websocket/", ["mqtt"], 404],
    ["/devices/d1", ["mqtt"], 404],
    ["/$iothub/websocket", [], 400],
    ["/$iothub/websocket", ["AMQPWSB10"], 400],
    ["/$iothub/websocket", ["MQTT"], 400],
  ])("refuses an upgrade at %s to %j with %i", async (path, protocols, status) => {
    await using fixture = await openHub();
    expect(await refusalOf(upgrade(fixture.hub, path, protocols))).toBe(status);
  });

  it("answers a bad token as over TLS, with CONNACK 5", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using raw = await openRawMqttOverWebSocket(fixture.hub);
    raw.send(aConnect(fixture.hub, "d1", { key: Buffer.alloc(32).toString("base64") }));
    expect((await raw.receive("connack"))?.returnCode).toBe(5);
    expect(await raw.receive("pingresp")).toBeUndefined();
  });

  it("closes on text, and on a packet or a frame longer than any message", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using text = await openRawMqttOverWebSocket(fixture.hub);
    text.send(aConnect(fixture.hub, "d1"));
    await text.receive("connack");
    const topic = "devices/d1/messages/events/";
    const message = generate({ cmd: "publish", topic, payload: "", qos: 0, dup: false, retain: false });
    text.webSocket.send(message);
    await expect.poll(() => fixture.hub.calls().devices.messages).toBe(1);
    text.webSocket.send(message, { binary: false });
    expect(await text.receive("pingresp")).toBeUndefined();
    expect(fixture.hub.calls().devices.messages).toBe(1);
    await using packet = await openRawMqttOverWebSocket(fixture.hub);
    packet.webSocket.send(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]));
    expect(await packet.receive("connack")).toBeUndefined();
    await using frame = await openRawMqttOverWebSocket(fixture.hub);
    frame.webSocket.send(Buffer.alloc(300 * 1024));
    expect(await frame.receive("connack")).toBeUndefined();
    await using well = await openRawMqttOverWebSocket(fixture.hub);
    well.send(aConnect(fixture.hub, "d1"));
    expect((await well.receive("connack"))?.returnCode).toBe(0);
  });

  it("gives way to a connection of the same device over TLS, and the other way round", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using first = await openRawMqttOverWebSocket(fixture.hub);
    first.send(aConnect(fixture.hub, "d1"));
    await first.receive("connack");
    await using tls = await connectDevice(fixture.hub, "d1", { retries: false });
    expect(await first.receive("pingresp")).toBeUndefined();
    await tls.report({ over: "TLS" });
    const gone = once(tls.client, "disconnect");
    await using again = await openRawMqttOverWebSocket(fixture.hub);
    again.send(aConnect(fixture.hub, "d1"));
    await gone;
    expect((await again.receive("connack"))?.sessionPresent).toBe(true);
  });

  it("tells that a device has gone without a word", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using raw = await openRawMqttOverWebSocket(fixture.hub);
    raw.send(aConnect(fixture.hub, "d1"));
    await raw.receive("connack");
    const state = async (): Promise<string | undefined> =>
      (await fixture.registry.get("d1")).responseBody.connectionState;
    await expect.poll(state).toBe("Connected");
    raw.webSocket.terminate();
    await expect.poll(state).toBe("Disconnected");
  });

  it("lets the hub close while devices and strangers are connected", async () => {
    const fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await openRawMqttOverWebSocket(fixture.hub);
    device.send(aConnect(fixture.hub, "d1"));
    await device.receive("connack");
    await using stranger = await openRawMqttOverWebSocket(fixture.hub);
    await fixture.hub.close();
    expect(await device.receive("pingresp")).toBeUndefined();
    expect(await stranger.receive("connack")).toBeUndefined();
  });
});
