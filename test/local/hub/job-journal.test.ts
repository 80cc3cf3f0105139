import { describe, expect, it } from "vitest";
import { createDeviceStore, type DeviceStore } from "../../../local/hub/device-store.ts";
import { createJobRunner } from "../../../local/hub/jobs/job-runner.ts";
import { createJobStore, type JobStore } from "../../../local/hub/jobs/job-store.ts";
import type { InvokeMethod } from "../../../local/hub/jobs/job-work.ts";
import { createJournal, type JournalLine, type OpenJournal } from "../../../local/hub/journal.ts";
import { createDailyQuota } from "../../../local/hub/quota.ts";
import { tierLimits } from "../../../local/hub/tier.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** The machine may be busy. */
const PATIENTLY = { timeout: 20_000 };

interface World {
  readonly journal: OpenJournal;
  readonly lines: string[];
  /** Whether anything can be written down. */
  readonly disk: { isFull: boolean };
  readonly troubles: unknown[];
  readonly devices: DeviceStore;
  readonly jobs: JobStore;
  readonly wake: () => void;
  readonly stop: () => void;
}

/** The stores of a hub that writes its journal into an array, and its jobs. */
function aWorld(
  clock: ManualClock,
  invokeMethod: InvokeMethod = () => Promise.reject(new Error("none")),
): World {
  const journal = createJournal();
  const lines: string[] = [];
  const disk = { isFull: false };
  const troubles: unknown[] = [];
  const closing = new AbortController();
  const limits = tierLimits("S1", 1);
  const devices = createDeviceStore({ clock, maxDevices: 100, journal });
  const jobs = createJobStore({ clock, maxConcurrentJobs: 1, journal });
  const quota = createDailyQuota({ clock, limits, mode: "off" });
  const wake = createJobRunner({
    ...{ jobs, devices, quota, clock, limits, invokeMethod },
    closing: closing.signal,
    mode: "strict",
    onTrouble: (error) => void troubles.push(error),
  });
  journal.writeTo((text) => {
    if (disk.isFull) throw new Error("ENOSPC: no space left on device");
    lines.push(...text.trimEnd().split("\n"));
  });
  const stop = (): void => {
    closing.abort();
    journal.writeTo(undefined);
  };
  return { journal, lines, disk, troubles, devices, jobs, wake, stop };
}

function replayInto({ journal }: World, lines: Iterable<string>): void {
  for (const line of lines) journal.replay(JSON.parse(line) as JournalLine);
}

function aJob(
  jobId: string,
  startAt: number,
  updateTwin = { tags: { done: true } },
): Parameters<JobStore["create"]>[0] {
  return {
    jobId,
    work: { type: "scheduleUpdateTwin", updateTwin },
    queryCondition: "*",
    startAt,
    maxExecutionSeconds: 60,
  };
}

/** A job that calls a method. */
function aMethodJob(jobId: string, startAt: number): Parameters<JobStore["create"]>[0] {
  const cloudToDeviceMethod = { methodName: "up" };
  return { ...aJob(jobId, startAt), work: { type: "scheduleDeviceMethod", cloudToDeviceMethod } };
}

function done({ devices }: World): number {
  return [...devices.all()].filter(({ tags }) => tags?.["done"] === true).length;
}

describe("jobs of a hub that was started again", () => {
  it.each([
    ["its journal", false],
    ["a picture", true],
  ])(
    "go on where they were, from %s: one that ran and one that waited for its time",
    async (_case, isPicture) => {
      const clock = createManualClock();
      const first = aWorld(clock);
      for (let index = 0; index < 25; index++) first.devices.register({ deviceId: `d${index}` });
      first.jobs.create(aJob("later", clock.now() + 5000));
      first.jobs.create(aJob("now", clock.now()));
      first.wake();
      await expect.poll(() => done(first), PATIENTLY).toBe(10);
      const lines = isPicture ? [...first.journal.capture()] : [...first.lines];
      first.stop();

      const second = aWorld(clock);
      replayInto(second, lines);
      expect(second.jobs.get("now").job.status).toBe("running");
      expect(second.jobs.get("now").counts).toMatchObject({ completed: 10, pending: 15 });
      const reported = [...second.devices.all()].map(({ version }) => version);
      second.wake();
      await expect.poll(() => done(second), PATIENTLY).toBe(20);
      await clock.advance(500);
      await expect.poll(() => second.jobs.get("now").job.status, PATIENTLY).toBe("completed");
      // Nobody was written twice.
      expect([...second.devices.all()].slice(0, 10).map(({ version }) => version)).toEqual(
        reported.slice(0, 10),
      );
      await clock.advance(5000);
      await expect
        .poll(() => second.jobs.get("later").counts.completed, PATIENTLY)
        .toBeGreaterThanOrEqual(10);
      await clock.advance(3000);
      await expect.poll(() => second.jobs.get("later").job.status, PATIENTLY).toBe("completed");
      second.stop();
      expect(first.jobs.get("now").counts.completed).toBe(10);
    },
  );

  it("have ended where they had, with every device's outcome in devices.jobs [facts 3.2]", async () => {
    const clock = createManualClock();
    const answers = { good: { status: 200, payload: { up: 7 } } };
    const first = aWorld(clock, (key) =>
      key === "good" ? Promise.resolve(answers.good) : Promise.reject(new Error("nobody there")),
    );
    first.devices.register({ deviceId: "good" });
    first.devices.register({ deviceId: "bad" });
    first.jobs.create(aMethodJob("call", clock.now()));
    first.wake();
    await expect.poll(() => first.jobs.get("call").job.status, PATIENTLY).toBe("completed");
    first.stop();
    const second = aWorld(clock);
    replayInto(second, first.lines);
    const at = "2026-01-01T00:00:00.0000000Z";
    const shared = { jobId: "call", jobType: "scheduleDeviceMethod", startTimeUtc: at, endTimeUtc: at };
    const times = { createdDateTimeUtc: at, lastUpdatedDateTimeUtc: at };
    expect([...second.jobs.rows()]).toEqual([
      {
        ...{ ...shared, ...times, deviceId: "good", status: "completed" },
        outcome: { deviceMethodResponse: { status: 200, payload: { up: 7 } } },
      },
      {
        ...{ ...shared, ...times, deviceId: "bad", status: "failed" },
        error: { code: "ServerError", description: "The local hub failed: nobody there" },
      },
    ]);
    second.stop();
  });

  it("call a method again whose answer the end of the hub cut off", async () => {
    const clock = createManualClock();
    const first = aWorld(clock, () => new Promise(() => undefined));
    first.devices.register({ deviceId: "d1" });
    first.jobs.create(aMethodJob("call", clock.now()));
    first.wake();
    await expect.poll(() => first.jobs.get("call").counts.running, PATIENTLY).toBe(1);
    first.stop();
    const second = aWorld(clock, () => Promise.resolve({ status: 200, payload: null }));
    replayInto(second, first.lines);
    second.wake();
    await expect.poll(() => second.jobs.get("call").job.status, PATIENTLY).toBe("completed");
    expect(second.jobs.get("call").counts.completed).toBe(1);
    second.stop();
  });

  it("end at their time though methods are not answered", async () => {
    const clock = createManualClock();
    const world = aWorld(clock, () => new Promise(() => undefined));
    world.devices.register({ deviceId: "d1" });
    world.jobs.create(aMethodJob("call", clock.now()));
    world.wake();
    await expect.poll(() => world.jobs.get("call").counts.running, PATIENTLY).toBe(1);
    await clock.advance(60_000);
    await expect.poll(() => world.jobs.get("call").job.status, PATIENTLY).toBe("failed");
    expect(world.jobs.get("call").counts.failed).toBe(1);
    world.stop();
  });
});

describe("jobs on a full disk", () => {
  it("are left as they were by an end that cannot be written down", async () => {
    const clock = createManualClock();
    const world = aWorld(clock, () => new Promise(() => undefined));
    for (const deviceId of ["d1", "d2"]) world.devices.register({ deviceId });
    world.jobs.create(aMethodJob("call", clock.now()));
    world.wake();
    await expect.poll(() => world.jobs.get("call").counts.running, PATIENTLY).toBe(2);
    world.disk.isFull = true;
    expect(() => {
      world.jobs.end("call", { status: "cancelled" }, { status: "canceled" });
    }).toThrow("no space left");
    expect(world.jobs.get("call")).toMatchObject({ job: { status: "running" }, counts: { running: 2 } });
    world.stop();
  });

  it("are told of as trouble, when a device's answer cannot be written down", async () => {
    const clock = createManualClock();
    const calls = new Map<string, () => void>();
    const world = aWorld(clock, (key) => {
      const { promise, resolve } = Promise.withResolvers<{ status: number; payload: null }>();
      calls.set(key, () => {
        resolve({ status: 200, payload: null });
      });
      return promise;
    });
    // More than a second's worth: the first answers while the others wait for their turn.
    for (let index = 0; index < 25; index++) world.devices.register({ deviceId: `d${index}` });
    world.jobs.create(aMethodJob("call", clock.now()));
    world.wake();
    await expect.poll(() => calls.size, PATIENTLY).toBe(10);
    world.disk.isFull = true;
    calls.get("d0")?.();
    await clock.advance(1000);
    await expect.poll(() => world.troubles, PATIENTLY).toHaveLength(1);
    expect(world.jobs.get("call").counts).toMatchObject({ running: 10, pending: 15 });
    world.stop();
  });

  it("wait for their turn from a minute after there is room", async () => {
    const clock = createManualClock();
    const world = aWorld(clock, () => new Promise(() => undefined));
    world.devices.register({ deviceId: "d1" });
    world.jobs.create({ ...aMethodJob("call", clock.now()), maxExecutionSeconds: 600 });
    world.jobs.create(aJob("later", clock.now() + 1000));
    world.wake();
    await expect.poll(() => world.jobs.get("call").counts.running, PATIENTLY).toBe(1);
    world.disk.isFull = true;
    await clock.advance(1000);
    expect(world.troubles).toHaveLength(1);
    world.disk.isFull = false;
    await clock.advance(59_999);
    expect(world.jobs.get("later").job.status).toBe("scheduled");
    await clock.advance(1);
    expect(world.jobs.get("later").job.status).toBe("queued");
    world.stop();
  });
});
