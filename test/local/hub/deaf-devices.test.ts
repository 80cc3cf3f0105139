import { describe, expect, it } from "vitest";
import { openHub } from "./hub-fixture.ts";
import { connectRawDevice } from "./raw-device.ts";

const DEVICES = 200;
const DESIRED = "$iothub/twin/PATCH/properties/desired/#";

describe("a fleet", () => {
  it(`of ${DEVICES} devices that are all cut at once comes back, and none of them is deaf`, async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    const ids = Array.from({ length: DEVICES }, (_, index) => `d${index}`);
    for (const deviceId of ids) hub.createDevice({ deviceId });
    const fleet = await Promise.all(ids.map((deviceId) => connectRawDevice(hub, deviceId)));
    await Promise.all(
      fleet.map(async (device) => {
        device.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: DESIRED, qos: 0 }] });
        expect((await device.receive("suback"))?.granted).toEqual([0]);
      }),
    );
    for (const deviceId of ids) expect(hub.dropConnection(deviceId)).toBe(true);
    await Promise.all(
      fleet.map(async (device) => {
        expect(await device.receive("pingresp")).toBeUndefined();
      }),
    );
    // As the SDK comes back: with its session, and without subscribing [facts 5.1].
    const returned = await Promise.all(ids.map((deviceId) => connectRawDevice(hub, deviceId)));
    expect(returned.map(({ code }) => code)).toEqual(ids.map(() => 0));
    await Promise.all(
      ids.map((deviceId, index) =>
        registry.updateTwin(deviceId, { properties: { desired: { index } } }, "*"),
      ),
    );
    await Promise.all(
      returned.map(async (device, index) => {
        const patch = await device.receive("publish");
        expect(JSON.parse(patch?.payload.toString() ?? "")).toEqual({ index, $version: 2 });
        // Its own, and nothing of anybody else's.
        expect(device.pending).toEqual([]);
        await device[Symbol.asyncDispose]();
      }),
    );
  });
});
