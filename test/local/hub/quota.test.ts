import { Message } from "azure-iot-device";
import { describe, expect, it } from "vitest";
import { createDailyQuota } from "../../../local/hub/quota.ts";
import { connectDevice, type ConnectedDevice } from "./device-client.ts";
import { aConfiguration, openHub, refusal } from "./hub-fixture.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";

const DAY = 86_400_000;
const KILOBYTE = 1024;
const EXHAUSTED = { status: 403, code: "IotHubQuotaExceeded", kind: "TooManyDevicesError" };

async function sendBytes({ client }: ConnectedDevice, bytes: number): Promise<void> {
  await client.sendEvent(new Message(Buffer.alloc(bytes)));
}

/** What the hub counts for some work. */
async function messagesOf(
  hub: { readonly quota: () => { readonly used: number } },
  work: Promise<unknown>,
): Promise<number> {
  const before = hub.quota().used;
  await work;
  return hub.quota().used - before;
}

describe("the daily message quota", () => {
  it("counts messages, twin reads and writes, query results and patches in chunks of 4 KB", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(hub, "d1");
    const used = (work: Promise<unknown>): Promise<number> => messagesOf(hub, work);
    expect(await used(sendBytes(device, 4 * KILOBYTE))).toBe(1);
    expect(await used(sendBytes(device, 4 * KILOBYTE + 1))).toBe(2);
    const message = new Message(Buffer.alloc(4 * KILOBYTE - 5));
    message.properties.add("ab", "c d");
    expect(await used(device.client.sendEvent(message))).toBe(1);
    message.properties.add("e", "");
    expect(await used(device.client.sendEvent(message))).toBe(2);
    expect(await used(device.report({ a: "x".repeat(3000), b: "x".repeat(3000) }))).toBe(2);
    expect(await used(device.report({ c: 1 }))).toBe(1);
    // 6 KB of values, with a timestamp for each.
    expect(await used(registry.getTwin("d1"))).toBe(2);
    expect(await used(registry.createQuery("SELECT deviceId FROM devices").next())).toBe(1);
    expect(await used(registry.createQuery("SELECT * FROM devices").next())).toBe(2);
    expect(await used(registry.updateTwin("d1", { tags: { a: "x".repeat(4000) } }, "*"))).toBe(1);
    // A patch of desired properties counts for the service and again for the device that hears of it.
    const patch = { properties: { desired: { a: "x".repeat(3000), b: "x".repeat(3000) } } };
    const heard = device.nextDesired();
    expect(await used(registry.updateTwin("d1", patch, "*"))).toBe(4);
    await heard;
  });

  it("counts in chunks of half a kilobyte on the free tier", async () => {
    await using fixture = await openHub({ tier: "F1" });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    expect(await messagesOf(fixture.hub, sendBytes(device, 513))).toBe(2);
    expect(fixture.hub.quota()).toMatchObject({ limit: 8000, meterBytes: 512 });
  });

  it("counts what configurations write into twins, and neither configurations nor identities", async () => {
    await using fixture = await openHub();
    const { hub, registry } = fixture;
    await registry.create({ deviceId: "d0" });
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await registry.addConfiguration(
      aConfiguration("fw-1", {
        content: {
          deviceContent: { "properties.desired.big": { a: "x".repeat(3000), b: "x".repeat(3000) } },
        },
      }),
    );
    await registry.getConfigurations();
    await registry.get("d0");
    await registry.list();
    expect(hub.quota().used).toBe(0);
    hub.evaluateNow();
    expect(hub.quota().used).toBe(6);
    hub.evaluateNow();
    expect(hub.quota().used).toBe(6);
  });

  it("counts nothing for what is refused", async () => {
    await using fixture = await openHub();
    await refusal(fixture.registry.getTwin("nobody"));
    await refusal(fixture.registry.createQuery("SELECT").next());
    expect(fixture.hub.quota().used).toBe(0);
  });

  it("refuses once it is used up, in the words of each interface, until 00:00 UTC of the hub's clock", async () => {
    await using fixture = await openHub({ tier: "F1" });
    const { hub, registry, clock } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await clock.advance(DAY / 2);
    await using device = await connectDevice(hub, "d1");
    await using raw = await connectRawDevice(hub, "d2");
    const query = (): Promise<unknown> => registry.createQuery("SELECT * FROM devices").next();
    while (hub.quota().used < 8000) await sendBytes(device, 255 * KILOBYTE);

    expect(await refusal(registry.getTwin("d1"))).toMatchObject(EXHAUSTED);
    expect(await refusal(registry.updateTwin("d1", { tags: { a: 1 } }, "*"))).toMatchObject(EXHAUSTED);
    expect(await refusal(query())).toMatchObject({
      ...EXHAUSTED,
      message: expect.stringContaining("Max allowed message count : 8000") as string,
    });
    await expect(device.report({ a: 1 })).rejects.toThrow(/exceeded the allocated quota/u);
    // What is free stays free.
    await registry.create({ deviceId: "d3" });
    await registry.addConfiguration(aConfiguration("fw-1"));
    expect(hub.calls()).toMatchObject({ throttled: 0, answers: { twinReads: { 403: 1 } } });

    await clock.advance(DAY / 2 - 1);
    expect(await refusal(query())).toMatchObject(EXHAUSTED);
    const { resetsAt } = hub.quota();
    await clock.advance(1);
    expect(clock.now()).toBe(resetsAt);
    expect(hub.quota()).toMatchObject({ used: 0, resetsAt: resetsAt + DAY });
    expect((await registry.getTwin("d1")).responseBody.tags).toEqual({});
    await device.report({ a: 1 });
    expect(raw.socket.closed).toBe(false);
  });

  it("refuses messages by ending the connection, unacknowledged [I]", async () => {
    await using fixture = await openHub({ tier: "F1" });
    const { hub } = fixture;
    for (const deviceId of ["d1", "d2"]) hub.createDevice({ deviceId });
    await using device = await connectDevice(hub, "d1");
    await using raw = await connectRawDevice(hub, "d2");
    while (hub.quota().used < 8000) await sendBytes(device, 255 * KILOBYTE);
    raw.send(aPublish("devices/d2/messages/events/", { payload: "x", messageId: 1 }));
    expect(await raw.receive("puback")).toBeUndefined();
    expect(hub.calls().deviceAnswers.messages).toMatchObject({ 403: 1 });
    // The connection itself is not part of the quota.
    await using again = await connectRawDevice(hub, "d2");
    expect(again.code).toBe(0);
  });

  it("does not hold up configurations when it is used up [G]", async () => {
    await using fixture = await openHub({ tier: "F1" });
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(hub, "d1");
    while (hub.quota().used < 8000) await sendBytes(device, 255 * KILOBYTE);
    await registry.addConfiguration(aConfiguration("fw-1"));
    const heard = device.nextDesired();
    expect(hub.evaluateNow()).toMatchObject({ writes: 1 });
    expect(await heard).toMatchObject({ firmware: { version: "fw-1" } });
  });

  it("only counts when it is off", async () => {
    await using fixture = await openHub({ tier: "F1", dailyQuota: "off" });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using device = await connectDevice(fixture.hub, "d1");
    while (fixture.hub.quota().used < 8000) await sendBytes(device, 255 * KILOBYTE);
    await sendBytes(device, 1);
    expect((await fixture.registry.getTwin("d1")).responseBody.deviceId).toBe("d1");
    expect(fixture.hub.quota().used).toBeGreaterThan(8000);
  });

  it("gives nothing again when the clock is set back", () => {
    let now = DAY;
    const clock = { now: () => now };
    const quota = createDailyQuota({ clock, limits: { dailyMessages: 1, meterBytes: 512 }, mode: "on" });
    quota.charge(0);
    now = 0;
    expect(quota.check).toThrow(/exceeded/u);
    now = 2 * DAY;
    quota.check();
  });
});
