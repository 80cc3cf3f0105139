import { describe, expect, it } from "vitest";
import { connectDevice, told } from "./device-client.ts";
import { openHub } from "./hub-fixture.ts";
import { connectRaw } from "./raw-connect.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";
import { arrived, type RawMqtt } from "./raw-mqtt.ts";

const DESIRED = "$iothub/twin/PATCH/properties/desired/#";

async function subscribe(raw: RawMqtt, topic = DESIRED): Promise<void> {
  raw.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] });
  await raw.receive("suback");
}

async function arrivedTopics(raw: RawMqtt): Promise<readonly string[]> {
  return (await arrived(raw)).flatMap((packet) => (packet.cmd === "publish" ? [packet.topic] : []));
}

describe("what Microsoft's device SDK does that surprises [facts 5]", () => {
  it("calls a listener for desired properties at once with what it has, then for each patch", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    await using device = await connectDevice(hub, "d1");
    const seen: unknown[] = [];
    device.twin.on("properties.desired", (delta: unknown) => seen.push(structuredClone(delta)));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([{ a: 1, $version: 2 }]);
    await registry.updateTwin("d1", { properties: { desired: { b: 2 } } }, "*");
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toEqual({ b: 2, $version: 3 });
    expect(seen.length).toBe(2);
    // And once more to every listener whenever another is added.
    device.twin.on("properties.desired", () => undefined);
    await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toEqual({ a: 1, b: 2, $version: 3 });
  });

  it("loses a nested key from its cache by null only, and keeps the tail of an array that got shorter", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await registry.updateTwin(
      "d1",
      { properties: { desired: { fw: { a: 1, b: 2 }, list: [1, 2, 3] } } },
      "*",
    );
    await using device = await connectDevice(hub, "d1");
    const heard = device.nextDesired();
    await registry.updateTwin("d1", { properties: { desired: { fw: { a: null }, list: [9] } } }, "*");
    await heard;
    const { desired } = device.twin.properties as { desired: Record<string, unknown> };
    expect(desired).toMatchObject({ fw: { b: 2 }, list: [9, 2, 3] });
    expect(desired["fw"]).not.toHaveProperty("a");
    const { properties } = (await registry.getTwin("d1")).responseBody;
    expect(properties.desired).toMatchObject({ list: [9] });
  });

  it("connects anew to renew its token, and still hears patches", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(hub, "d1", {
      tokenRenewal: { tokenValidTimeInSeconds: 3, tokenRenewalMarginInSeconds: 2 },
    });
    // A second of real time: tokens are made by real clocks.
    await expect.poll(() => hub.calls().devices.connections, { timeout: 10_000 }).toBeGreaterThan(1);
    await expect
      .poll(async () => (await registry.get("d1")).responseBody.connectionState, { timeout: 10_000 })
      .toBe("Connected");
    const heard = device.nextDesired();
    await registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    expect(await heard).toMatchObject({ a: 1 });
  });

  it("takes its place back at once when it retries and listens: two copies fight for ever", async () => {
    await using fixture = await openHub();
    const { hub } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(hub, "d1");
    for (let round = 0; round < 3; round++) {
      const back = told(device.client, "connect");
      await using second = await connectRawDevice(hub, "d1");
      expect(second.code).toBe(0);
      // The hub ends this one too, when the SDK is back.
      expect(await second.receive("pingresp")).toBeUndefined();
      await back;
    }
    expect(hub.calls().devices.connections).toBe(7);
  });

  it("takes an answer with an empty body for a success: every refusal has a body with an errorCode", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const { hub, clock } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    const refusals: [string, string, number][] = [];
    const ask = async (topic: string, payload = ""): Promise<void> => {
      device.send(aPublish(topic, { payload }));
      const answer = await device.receive("publish");
      const status = answer?.topic.split("/")[3] ?? "";
      const body = answer?.payload.toString() ?? "";
      if (!status.startsWith("2")) {
        const { errorCode, message, trackingId, timestampUtc } = JSON.parse(body) as Record<string, unknown>;
        refusals.push([status, typeof message, Number(errorCode)]);
        expect([typeof trackingId, typeof timestampUtc]).toEqual(["string", "string"]);
      }
    };
    const report = "$iothub/twin/PATCH/properties/reported/?$rid=1";
    for (const payload of ["not JSON", "[]", '{"a b":1}', `{"big":"${"x".repeat(5000)}"}`])
      await ask(report, payload);
    await clock.advance(1000);
    for (let index = 0; index < 51; index++) await ask(report, "{}");
    hub.faults.add({ match: { call: "twinReads" }, kind: "status", status: 500 });
    await ask("$iothub/twin/GET/?$rid=2");
    expect(refusals).toEqual([
      ["400", "string", 400004],
      ["400", "string", 400004],
      ["400", "string", 400004],
      ["400", "string", 400004],
      ["429", "string", 429001],
      ["500", "string", 500001],
    ]);
  });

  it("has its twin requests answered whatever it is subscribed to [G]", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(fixture.hub, "d1");
    device.send(aPublish("$iothub/twin/GET/?$rid=a", { payload: " " }));
    expect((await device.receive("publish"))?.topic).toBe("$iothub/twin/res/200/?$rid=a");
    device.send(aPublish("$iothub/twin/PATCH/properties/reported/?$rid=b", { payload: "{}" }));
    expect((await device.receive("publish"))?.topic).toBe("$iothub/twin/res/204/?$rid=b&$version=2");
  });

  it("hears nothing of patches after it unsubscribed, and again after it subscribed", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectRawDevice(hub, "d1");
    await subscribe(device);
    device.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: [DESIRED] });
    await device.receive("unsuback");
    await registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    expect(await arrivedTopics(device)).toEqual([]);
    await subscribe(device);
    await registry.updateTwin("d1", { properties: { desired: { a: 2 } } }, "*");
    expect(await arrivedTopics(device)).toEqual(["$iothub/twin/PATCH/properties/desired/?$version=3"]);
  });

  it("hears patches in a clean session as in a kept one", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    const { raw } = await connectRaw(hub, "d1", { clean: true });
    await using device = raw;
    await subscribe(device);
    await registry.updateTwin("d1", { properties: { desired: { a: 1 } } }, "*");
    expect(await arrivedTopics(device)).toEqual(["$iothub/twin/PATCH/properties/desired/?$version=2"]);
  });

  it("with retries but no listener neither reconnects nor tells when a second connection takes its place", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using first = await connectDevice(hub, "d1", { listens: false });
    let disconnects = 0;
    first.client.on("disconnect", () => (disconnects += 1));
    await using second = await connectRawDevice(hub, "d1");
    // The first has had its end by the time the second is spoken to for a while.
    for (let index = 0; index < 20; index++) await arrivedTopics(second);
    expect(hub.calls().devices.connections).toBe(2);
    expect(disconnects).toBe(0);
    expect((await registry.get("d1")).responseBody.connectionState).toBe("Connected");
  });

  it("tells of the end by disconnect when it does not retry", async () => {
    await using fixture = await openHub();
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1", { retries: false });
    const gone = told(device.client, "disconnect");
    await using second = await connectRawDevice(fixture.hub, "d1");
    await gone;
    expect(await arrived(second)).toEqual([]);
  });
});
