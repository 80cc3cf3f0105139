import { describe, expect, it } from "vitest";
import { methodKilobytes } from "../../../local/hub/meter.ts";
import { tierLimits } from "../../../local/hub/tier.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";

const MINUTE = 60_000;
const THROTTLED = { status: 429, code: "ThrottlingException", kind: "ThrottlingError" };

describe("strict throttling", () => {
  it("takes 20 configuration operations at once on one S1 unit, then one every three seconds", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    for (let index = 0; index < 20; index++) await fixture.registry.getConfigurations();
    expect(await refusal(fixture.registry.getConfigurations())).toMatchObject(THROTTLED);
    await fixture.clock.advance(2999);
    expect(await refusal(fixture.registry.getConfigurations())).toMatchObject(THROTTLED);
    await fixture.clock.advance(1);
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    expect(await refusal(fixture.registry.removeConfiguration("fw-1"))).toMatchObject(THROTTLED);
    // Reading one configuration has no documented throttle.
    expect((await fixture.registry.getConfiguration("fw-1")).responseBody.id).toBe("fw-1");
    expect(fixture.hub.calls()).toMatchObject({ configurations: 25, total: 25, throttled: 3 });
  });

  it("says how long to wait", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    const look = (): Promise<unknown> =>
      fixture.registry.createQuery("SELECT COUNT() AS n FROM devices").next();
    for (let index = 0; index < 20; index++) await look();
    try {
      await look();
      expect.unreachable();
    } catch (error) {
      expect((error as { response: { headers: unknown } }).response.headers).toMatchObject({
        "retry-after": "3",
      });
    }
  });

  it("keeps the classes apart and multiplies by units", async () => {
    await using fixture = await openHub({ throttle: "strict", units: 2 });
    for (let index = 0; index < 40; index++)
      await fixture.registry.createQuery("SELECT * FROM devices").next();
    expect(await refusal(fixture.registry.createQuery("SELECT * FROM devices").next())).toMatchObject(
      THROTTLED,
    );
    await fixture.registry.getConfigurations();
    await fixture.registry.create({ deviceId: "d1" });
    await fixture.clock.advance(MINUTE);
    await fixture.registry.createQuery("SELECT * FROM devices").next();
  });

  it("shares twin writes between the service and the devices, who are told in the body", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    for (let index = 0; index < 25; index++) {
      await fixture.registry.updateTwin("d1", { tags: { index } }, "*");
      await device.report({ index });
    }
    await expect(device.report({ index: 50 })).rejects.toThrow(/Too many twinWrites/u);
    expect(await refusal(fixture.registry.updateTwin("d1", { tags: {} }, "*"))).toMatchObject(THROTTLED);
    await fixture.clock.advance(20);
    await device.report({ index: 51 });
  });

  it("spares evaluations and devices registered directly", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    for (let index = 0; index < 200; index++) fixture.hub.createDevice({ deviceId: `d${index}` });
    await fixture.registry.addConfiguration(aConfiguration("fw-1"));
    expect(fixture.hub.evaluateNow()).toEqual({ devices: 200, writes: 200 });
    expect(fixture.hub.calls().total).toBe(1);
  });

  it("refuses units that the tier does not have", async () => {
    await expect(openHub({ tier: "F1", units: 2 })).rejects.toThrow(/has 1 to 1/u);
  });

  it("refuses connections over the rate with CONNACK 3, which the SDK calls unavailable [G]", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    for (const deviceId of ["d1", "d2"]) fixture.hub.createDevice({ deviceId });
    // Wrong credentials spend nothing of the limit.
    await expect(
      connectDevice(fixture.hub, "d1", {
        connectionString: fixture.hub.deviceConnectionString("d1").replace(/Key=.{5}/u, "Key=AAAAA"),
      }),
    ).rejects.toThrow(/Not authorized/u);
    const raws = await Promise.all(
      Array.from({ length: 100 }, (_, index) => {
        fixture.hub.createDevice({ deviceId: `raw-${index}` });
        return connectRawDevice(fixture.hub, `raw-${index}`);
      }),
    );
    expect(new Set(raws.map(({ code }) => code))).toEqual(new Set([0]));
    await expect(connectDevice(fixture.hub, "d2", { retries: false })).rejects.toThrow(/Server unavailable/u);
    expect(fixture.hub.calls()).toMatchObject({
      throttledBy: { connections: 1 },
      devices: { connections: 100 },
      deviceAnswers: { connections: { 200: 100, 401: 1, 429: 1 } },
    });
    await fixture.clock.advance(10);
    await using device = await connectDevice(fixture.hub, "d2");
    expect(device.twin.properties.desired).toMatchObject({ $version: 1 });
    await Promise.all(raws.map((raw) => raw[Symbol.asyncDispose]()));
  });

  it("refuses messages over the rate by ending the connection, unacknowledged [I]", async () => {
    await using fixture = await openHub({ throttle: "strict" });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using raw = await connectRawDevice(fixture.hub, "d1");
    for (let messageId = 1; messageId <= 101; messageId++)
      raw.send(aPublish("devices/d1/messages/events/", { payload: "x", messageId }));
    for (let messageId = 1; messageId <= 100; messageId++)
      expect(await raw.receive("puback")).toMatchObject({ messageId });
    expect(await raw.receive("puback")).toBeUndefined();
    expect(fixture.hub.calls().throttledBy).toEqual({ deviceToCloud: 1 });
  });

  it.each([
    ["F1", 1, [100, 20, 20, 100, 50, 160, 100, 10, 100, 100, 100]],
    ["S1", 3, [300, 60, 60, 100, 50, 480, 300, 10, 100, 100, 300]],
    ["S1", 9, [900, 180, 180, 100, 50, 1440, 900, 10, 108, 108, 900]],
    ["S2", 20, [2000, 400, 400, 200, 100, 9600, 2000, 20, 2400, 2400, 2000]],
    ["S3", 2, [10_000, 40, 2000, 1000, 500, 49_152, 10_000, 100, 12_000, 12_000, 10_000]],
  ] as const)("gives a hub of %s with %i units its documented rates", (tier, units, rates) => {
    const limits = tierLimits(tier, units);
    expect(Object.values(limits.rates).map(({ operations }) => operations)).toEqual(rates);
    expect(
      Object.entries(limits.rates).map(([name, { periodMs, unit }]) => [name, periodMs / 1000, unit]),
    ).toEqual([
      ["registry", 60, "operations"],
      ["configurations", 60, "operations"],
      ["queries", 60, "operations"],
      ["twinReads", 1, "operations"],
      ["twinWrites", 1, "operations"],
      ["directMethods", 1, "KB"],
      ["jobs", 60, "operations"],
      ["jobDeviceOperations", 1, "operations"],
      ["connections", 1, "operations"],
      ["deviceToCloud", 1, "operations"],
      ["cloudToDevice", 60, "operations"],
    ]);
  });

  it.each([
    ["F1", 1, { maxConcurrentJobs: 1, dailyMessages: 8000, meterBytes: 512, maxConfigurations: 10 }],
    ["S1", 2, { maxConcurrentJobs: 1, dailyMessages: 800_000, meterBytes: 4096, maxConfigurations: 100 }],
    ["S2", 1, { maxConcurrentJobs: 5, dailyMessages: 6_000_000, meterBytes: 4096 }],
    ["S3", 1, { maxConcurrentJobs: 10, dailyMessages: 300_000_000, meterBytes: 4096 }],
  ] as const)("gives a hub of %s with %i units its documented amounts", (tier, units, amounts) => {
    expect(tierLimits(tier, units)).toMatchObject(amounts);
  });

  it("meters direct methods in 4 KB of their request", () => {
    expect([0, 1, 4096, 4097, 128 * 1024].map(methodKilobytes)).toEqual([4, 4, 4, 8, 128]);
  });
});
