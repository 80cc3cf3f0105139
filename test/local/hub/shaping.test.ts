import { describe, expect, it } from "vitest";
import {
  createThrottle,
  SHAPE_BURST_MS,
  SHAPE_MAX_QUEUED,
  SHAPE_MAX_WAIT_MS,
  type ThrottleMode,
} from "../../../local/hub/throttle.ts";
import { tierLimits, type ThrottledClass } from "../../../local/hub/tier.ts";
import { openHub, refusal, type HubFixture } from "./hub-fixture.ts";
import { createManualClock } from "./manual-clock.ts";
import { aPublish, connectRawDevice } from "./raw-device.ts";
import { createObservedClock, type ObservedClock } from "./observed-clock.ts";

const look = (fixture: HubFixture): Promise<unknown> =>
  fixture.registry.createQuery("SELECT COUNT() AS n FROM devices").next();

async function aBusyHub(): Promise<{ fixture: HubFixture; clock: ObservedClock }> {
  const clock = createObservedClock();
  const fixture = await openHub({ throttle: "shape", clock });
  for (let index = 0; index < 20; index++) await look(fixture);
  return { fixture, clock };
}

describe("shaping", () => {
  it("takes a burst, then lets callers wait at the rate of the limit", async () => {
    const { fixture, clock } = await aBusyHub();
    await using hub = fixture.hub;
    const answered: number[] = [];
    const waiting: Promise<unknown>[] = [];
    for (const index of [0, 1]) {
      const began = clock.nextSleep();
      waiting.push(look(fixture).then(() => answered.push(index)));
      expect(await began).toBe((index + 1) * 3000);
    }
    await clock.advance(2999);
    expect(answered).toEqual([]);
    await clock.advance(1);
    await waiting[0];
    expect(answered).toEqual([0]);
    await clock.advance(3000);
    await Promise.all(waiting);
    expect(answered).toEqual([0, 1]);
    expect(hub.calls()).toMatchObject({ queries: 22, throttled: 0, answers: { queries: { 200: 22 } } });
  });

  it("refuses with 429002 whoever would wait for more than half a minute [G]", async () => {
    const { fixture, clock } = await aBusyHub();
    await using hub = fixture.hub;
    const waiting: Promise<unknown>[] = [];
    for (let index = 0; index < SHAPE_MAX_WAIT_MS / 3000; index++) {
      const began = clock.nextSleep();
      waiting.push(look(fixture));
      await began;
    }
    expect(await refusal(look(fixture))).toMatchObject({
      status: 429,
      code: "ThrottleBacklogLimitExceeded",
      kind: "ThrottlingError",
      message: expect.stringContaining(
        "the limit is 20 in 60 s, the queue is full, ask again in 3000 ms",
      ) as string,
    });
    expect(hub.calls()).toMatchObject({ throttled: 1, throttledBy: { queries: 1 } });
    await clock.advance(SHAPE_MAX_WAIT_MS);
    await Promise.all(waiting);
  });

  it("lets the reports of a device wait, and answers them in their order", async () => {
    const clock = createObservedClock();
    await using fixture = await openHub({ throttle: "shape", clock });
    fixture.hub.createDevice({ deviceId: "d1" });
    await using raw = await connectRawDevice(fixture.hub, "d1");
    const burst = (50 * SHAPE_BURST_MS) / 1000;
    const report = (id: number): void => {
      raw.send(aPublish(`$iothub/twin/PATCH/properties/reported/?$rid=${id}`, { payload: '{"a":1}' }));
    };
    const answered = async (): Promise<string | undefined> => (await raw.receive("publish"))?.topic;
    const began = clock.nextSleep();
    for (let id = 1; id <= burst + 3; id++) report(id);
    for (let id = 1; id <= burst; id++) expect(await answered()).toContain(`/204/?$rid=${id}&`);
    expect(await began).toBe(20);
    expect(raw.pending).toEqual([]);
    await clock.advance(40);
    for (const id of [burst + 1, burst + 2]) expect(await answered()).toContain(`/204/?$rid=${id}&`);
    // The last one still waits when the hub closes.
    expect(fixture.hub.calls()).toMatchObject({ deviceAnswers: { reports: { 204: burst + 2 } } });
  });

  it("sends those who wait away when the hub closes", async () => {
    const { fixture, clock } = await aBusyHub();
    const began = clock.nextSleep();
    const waiting = look(fixture);
    const failure = expect(waiting).rejects.toThrow();
    await began;
    await fixture.hub.close();
    await failure;
  });
});

function aThrottle(mode: ThrottleMode): {
  take: (operations: ThrottledClass, amount?: number) => Promise<void>;
  advance: (ms: number) => Promise<void>;
  sleeping: () => number;
} {
  const clock = createManualClock();
  let sleeping = 0;
  const take = createThrottle({
    clock,
    limits: tierLimits("S3", 10),
    mode,
    sleep: (ms) => {
      sleeping += 1;
      return clock.sleep(ms);
    },
  });
  return { take, advance: clock.advance, sleeping: () => sleeping };
}

describe("a throttle", () => {
  it("spends N for a bulk call of N", async () => {
    const { take, advance } = aThrottle("strict");
    await take("registry", 49_900);
    await expect(take("registry", 101)).rejects.toMatchObject({ status: 429, retryAfterSeconds: 1 });
    await take("registry", 100);
    await expect(take("registry")).rejects.toMatchObject({ code: "ThrottlingException" });
    await advance(60_000);
    await take("registry", 50_000);
  });

  it("gives a call over the whole limit a full bucket instead of refusing it for ever [G]", async () => {
    const { take, advance } = aThrottle("strict");
    await take("configurations", 1);
    await expect(take("configurations", 1000)).rejects.toMatchObject({ status: 429 });
    await advance(300);
    await take("configurations", 1000);
    await expect(take("configurations")).rejects.toMatchObject({ status: 429 });
  });

  it("shaping takes a minute's worth above a rate of seconds at once [G]", async () => {
    const { take, sleeping } = aThrottle("shape");
    await take("twinWrites", (2500 * SHAPE_BURST_MS) / 1000);
    expect(sleeping()).toBe(0);
    void take("twinWrites");
    expect(sleeping()).toBe(1);
  });

  it("shaping holds no more than ten thousand operations of a class in memory [G]", async () => {
    const { take, sleeping } = aThrottle("shape");
    await take("twinWrites", (2500 * SHAPE_BURST_MS) / 1000);
    for (let index = 0; index < SHAPE_MAX_QUEUED; index++) void take("twinWrites");
    expect(sleeping()).toBe(SHAPE_MAX_QUEUED);
    await expect(take("twinWrites")).rejects.toMatchObject({ code: "ThrottleBacklogLimitExceeded" });
  });
});
