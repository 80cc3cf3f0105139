import { describe, expect, it } from "vitest";
import { registryWithToken } from "../../support/iot-hub-registry.ts";
import { connectDevice, told } from "./device-client.ts";
import { openHub, refusal, valuesOf, type HubFixture } from "./hub-fixture.ts";
import { createObservedClock } from "./observed-clock.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";

const GET = "$iothub/twin/GET/?$rid=";
const REPORT = "$iothub/twin/PATCH/properties/reported/?$rid=";

const tagsOf = async ({ registry }: HubFixture): Promise<unknown> =>
  (await registry.getTwin("d1")).responseBody.tags;

async function aHub(options: Parameters<typeof openHub>[0] = {}): Promise<HubFixture> {
  const fixture = await openHub(options);
  fixture.hub.createDevice({ deviceId: "d1", tags: { n: 0 } });
  return fixture;
}

describe("faults of the service API", () => {
  it.each([
    [429, "ThrottlingException", "ThrottlingError"],
    [500, "ServerError", "InternalServerError"],
    [503, "ServiceUnavailable", "ServiceUnavailableError"],
  ] as const)("answer %i, as often as they are told to", async (status, code, kind) => {
    await using fixture = await aHub();
    const fault = fixture.hub.faults.add({ match: { call: "twinWrites" }, kind: "status", status, times: 2 });
    const write = (): Promise<unknown> => fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*");
    expect(await refusal(write())).toMatchObject({ status, code, kind });
    expect(await tagsOf(fixture)).toEqual({ n: 0 });
    expect(await refusal(write())).toMatchObject({ status, code, kind });
    await write();
    expect(fault.hits()).toBe(2);
    expect(fixture.hub.calls()).toMatchObject({
      twinWrites: 3,
      answers: { twinWrites: { [status]: 2, 200: 1 } },
    });
  });

  it("lose the answer of a write that took effect: the SDK sees a network error", async () => {
    await using fixture = await aHub();
    fixture.hub.faults.add({ match: { call: "twinWrites" }, kind: "lost answer", times: 1 });
    const lost = fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*");
    await expect(lost).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await tagsOf(fixture)).toEqual({ n: 1 });
    expect(fixture.hub.calls().answers.twinWrites).toEqual({ cut: 1 });
  });

  it("cut a connection before the write takes effect", async () => {
    await using fixture = await aHub();
    fixture.hub.faults.add({ match: { route: "PATCH /twins/:id" }, kind: "drop before", times: 1 });
    const dropped = fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*");
    await expect(dropped).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await tagsOf(fixture)).toEqual({ n: 0 });
  });

  it("delay a request on the hub's clock", async () => {
    const clock = createObservedClock();
    await using fixture = await aHub({ clock });
    fixture.hub.faults.add({ match: { call: "twinWrites" }, kind: "delay", ms: 60_000 });
    const began = clock.nextSleep();
    const write = fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*");
    expect(await began).toBe(60_000);
    await clock.advance(59_999);
    expect(await tagsOf(fixture)).toEqual({ n: 0 });
    await clock.advance(1);
    await write;
    expect(await tagsOf(fixture)).toEqual({ n: 1 });
  });

  it("keep an answer back until the connection ends", async () => {
    const fixture = await aHub();
    fixture.hub.faults.add({ match: { call: "twinWrites" }, kind: "no answer" });
    const waiting = expect(fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*")).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    await expect.poll(() => tagsOf(fixture)).toEqual({ n: 1 });
    expect(fixture.hub.calls().answers.twinWrites).toEqual({ "no answer": 1 });
    await fixture.hub.close();
    await waiting;
  });

  it("match by class, route, pattern, device and interface, every field that is given", async () => {
    await using fixture = await aHub();
    const { hub, registry } = fixture;
    hub.createDevice({ deviceId: "d2" });
    const read = async (deviceId: string): Promise<number> => {
      try {
        await registry.getTwin(deviceId);
        return 200;
      } catch {
        return 503;
      }
    };
    const refused = { kind: "status", status: 503 } as const;
    for (const [match, statuses] of [
      [{}, [503, 503]],
      [{ call: "twinReads" }, [503, 503]],
      [{ call: "twinReads", deviceId: "d2" }, [200, 503]],
      [{ api: "mqtt", call: "twinReads" }, [200, 200]],
      [{ route: "GET /twins/:id" }, [503, 503]],
      [{ route: "/twins/:id" }, [200, 200]],
      [{ route: /^GET/gu }, [503, 503]],
      [{ route: /^GET/u, call: "queries" }, [200, 200]],
    ] as const) {
      using fault = hub.faults.add({ ...refused, match });
      expect([await read("d1"), await read("d2")], JSON.stringify(match)).toEqual(statuses);
      expect(fault.hits()).toBe(statuses.filter((status) => status === 503).length);
    }
    expect([await read("d1"), await read("d2")]).toEqual([200, 200]);
    hub.faults.add({ ...refused, match: {} });
    hub.faults.clear();
    expect(await read("d1")).toBe(200);
  });

  it("never befall a request without a valid token", async () => {
    await using fixture = await aHub();
    const fault = fixture.hub.faults.add({ match: {}, kind: "drop before" });
    const stranger = registryWithToken(fixture.hub, "SharedAccessSignature sr=localhost&sig=x&se=9999999999");
    expect(await refusal(stranger.getTwin("d1"))).toMatchObject({ status: 401 });
    expect(fault.hits()).toBe(0);
  });

  it("are the same for the same seed, and others for another", async () => {
    const story = async (faultSeed: number): Promise<string> => {
      await using fixture = await aHub({ faultSeed });
      fixture.hub.faults.add({ match: { call: "twinReads" }, kind: "status", status: 503, probability: 0.3 });
      fixture.hub.faults.add({ match: { call: "twinReads" }, kind: "status", status: 429, probability: 0.3 });
      let told = "";
      for (let index = 0; index < 40; index++) {
        told += await fixture.registry.getTwin("d1").then(
          () => ".",
          (error: unknown) => (error as Error).constructor.name[1] ?? "?",
        );
      }
      return told;
    };
    const [first, second, other] = await Promise.all([story(7), story(7), story(8)]);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(new Set(first)).toEqual(new Set([".", "e", "h"]));
  });

  it.each([
    [{ times: 0 }, /times is 0/u],
    [{ times: 1.5 }, /times is 1.5/u],
    [{ probability: 0 }, /probability is 0/u],
    [{ probability: NaN }, /probability is NaN/u],
    [{ ms: -1 }, /ms is -1/u],
  ])("are refused when they make no sense: %o", async (nonsense, message) => {
    await using fixture = await aHub();
    expect(() => fixture.hub.faults.add({ match: {}, kind: "delay", ms: 1, ...nonsense })).toThrow(message);
  });
});

describe("faults of devices", () => {
  it("refuse a report in the body of its answer", async () => {
    await using fixture = await aHub();
    await using device = await connectDevice(fixture.hub, "d1");
    fixture.hub.faults.add({ match: { call: "reports" }, kind: "status", status: 503, times: 1 });
    await expect(device.report({ a: 1 })).rejects.toThrow(/A fault that was set/u);
    await device.report({ a: 2 });
  });

  it("lose the answer of a report that took effect, and the connection with it", async () => {
    await using fixture = await aHub();
    await using device = await connectDevice(fixture.hub, "d1", { retries: false });
    fixture.hub.faults.add({ match: { call: "reports", deviceId: "d1" }, kind: "lost answer" });
    const gone = told(device.client, "disconnect");
    void device.report({ a: 1 }).catch(() => undefined);
    await gone;
    const { reported } = (await fixture.registry.getTwin("d1")).responseBody.properties;
    expect(valuesOf(reported)).toEqual({ a: 1 });
  });

  it.each(["drop before", "mqtt drop"] as const)(
    "cut the connection before a report counts: %s",
    async (kind) => {
      await using fixture = await aHub();
      await using raw = await connectRawDevice(fixture.hub, "d1");
      fixture.hub.faults.add({ match: { call: "reports" }, kind });
      raw.send(aPublish(`${REPORT}1`, { payload: '{"a":1}' }));
      expect(await raw.receive("publish")).toBeUndefined();
      const { reported } = (await fixture.registry.getTwin("d1")).responseBody.properties;
      expect(valuesOf(reported)).toEqual({});
    },
  );

  it("drop an answer and leave the connection", async () => {
    await using fixture = await aHub();
    await using raw = await connectRawDevice(fixture.hub, "d1");
    fixture.hub.faults.add({ match: { call: "reports" }, kind: "no answer", times: 1 });
    raw.send(aPublish(`${REPORT}1`, { payload: '{"a":1}' }));
    raw.send(aPublish(`${REPORT}2`, { payload: '{"b":2}' }));
    expect(await raw.receive("publish")).toMatchObject({ topic: "$iothub/twin/res/204/?$rid=2&$version=3" });
  });

  it("delay an answer without letting the next one pass it", async () => {
    const clock = createObservedClock();
    await using fixture = await aHub({ clock });
    await using raw = await connectRawDevice(fixture.hub, "d1");
    fixture.hub.faults.add({ match: { call: "reports" }, kind: "delay", ms: 1000 });
    const began = clock.nextSleep();
    raw.send(aPublish(`${REPORT}1`, { payload: '{"a":1}' }));
    raw.send(aPublish(`${GET}2`));
    await began;
    await clock.advance(1000);
    expect(await raw.receive("publish")).toMatchObject({ topic: "$iothub/twin/res/204/?$rid=1&$version=2" });
    const got = await raw.receive("publish");
    expect(JSON.parse(String(got?.payload))).toMatchObject({ reported: { a: 1, $version: 2 } });
  });

  it("do nothing for a device that left while its report was delayed", async () => {
    const clock = createObservedClock();
    await using fixture = await aHub({ clock });
    const { hub, registry } = fixture;
    const raw = await connectRawDevice(hub, "d1");
    hub.faults.add({ match: { call: "reports" }, kind: "delay", ms: 1000, times: 1 });
    const began = clock.nextSleep();
    raw.send(aPublish(`${REPORT}1`, { payload: '{"a":1}' }));
    raw.send(aPublish(`${REPORT}2`, { payload: '{"b":1}' }));
    await began;
    await raw[Symbol.asyncDispose]();
    await expect
      .poll(async () => (await registry.get("d1")).responseBody.connectionState)
      .toBe("Disconnected");
    await clock.advance(1000);
    expect(hub.calls().deviceAnswers.reports).toEqual({ cut: 1 });
    const { reported } = (await registry.getTwin("d1")).responseBody.properties;
    expect(valuesOf(reported)).toEqual({});
  });

  it("do nothing for a device that was disabled while its report was delayed", async () => {
    const clock = createObservedClock();
    await using fixture = await aHub({ clock });
    const { hub, registry } = fixture;
    await using raw = await connectRawDevice(hub, "d1");
    hub.faults.add({ match: { call: "reports" }, kind: "delay", ms: 1000 });
    const began = clock.nextSleep();
    raw.send(aPublish(`${REPORT}1`, { payload: '{"a":1}' }));
    await began;
    await registry.update({ deviceId: "d1", status: "disabled" });
    await clock.advance(1000);
    const { reported } = (await registry.getTwin("d1")).responseBody.properties;
    expect(valuesOf(reported)).toEqual({});
  });

  it("refuse a connection as unavailable, or cut it", async () => {
    await using fixture = await aHub();
    fixture.hub.faults.add({ match: { call: "connections" }, kind: "status", status: 503, times: 1 });
    fixture.hub.faults.add({ match: { call: "connections" }, kind: "drop before", times: 2 });
    const codes: (number | undefined)[] = [];
    for (let index = 0; index < 3; index++) {
      await using raw = await connectRawDevice(fixture.hub, "d1");
      codes.push(raw.code);
    }
    expect(codes).toEqual([3, undefined, 0]);
  });

  it("cut a message's connection before it is acknowledged", async () => {
    await using fixture = await aHub();
    await using raw = await connectRawDevice(fixture.hub, "d1");
    fixture.hub.faults.add({ match: { call: "messages" }, kind: "lost answer" });
    raw.send(aPublish("devices/d1/messages/events/", { payload: "x", messageId: 1 }));
    expect(await raw.receive("puback")).toBeUndefined();
    expect(fixture.hub.quota().used).toBe(1);
  });

  it("cut the connection of the device that a request to the service API names", async () => {
    await using fixture = await aHub();
    await using raw = await connectRawDevice(fixture.hub, "d1");
    fixture.hub.faults.add({ match: { api: "rest", call: "twinWrites" }, kind: "mqtt drop", times: 1 });
    await fixture.registry.updateTwin("d1", { tags: { n: 1 } }, "*");
    expect(await raw.receive("publish")).toBeUndefined();
    expect(await tagsOf(fixture)).toEqual({ n: 1 });
  });
});
