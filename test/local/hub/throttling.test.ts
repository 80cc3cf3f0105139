import { describe, expect, it } from "vitest";
import { tierLimits } from "../../../local/hub/tier.ts";
import { connectDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";

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

  it("gives each tier its documented rates", () => {
    const rate = (tier: "F1" | "S1" | "S2" | "S3", units: number): unknown =>
      Object.fromEntries(
        Object.entries(tierLimits(tier, units).rates).map(([name, { operations }]) => [name, operations]),
      );
    expect(rate("F1", 1)).toEqual({
      registry: 100,
      configurations: 20,
      queries: 20,
      twinReads: 100,
      twinWrites: 50,
    });
    expect(rate("S1", 3)).toEqual({
      registry: 300,
      configurations: 60,
      queries: 60,
      twinReads: 100,
      twinWrites: 50,
    });
    expect(rate("S2", 20)).toEqual({
      registry: 2000,
      configurations: 400,
      queries: 400,
      twinReads: 200,
      twinWrites: 100,
    });
    expect(rate("S3", 2)).toEqual({
      registry: 10_000,
      configurations: 40,
      queries: 2000,
      twinReads: 1000,
      twinWrites: 500,
    });
  });
});
