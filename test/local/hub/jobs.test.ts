import type iothub from "azure-iothub";
import { describe, expect, it } from "vitest";
import { connectJobClient } from "../../support/iot-hub-registry.ts";
import { ask } from "./authorized-request.ts";
import { connectDevice } from "./device-client.ts";
import { openHub, refusal, type HubFixture } from "./hub-fixture.ts";

interface JobStatus {
  readonly status: string;
  readonly deviceJobStatistics: Readonly<Record<string, number>>;
  readonly failureReason?: string;
  readonly startTime: string;
  readonly endTime?: string;
}

/** The machine may be busy. */
const PATIENTLY = { timeout: 20_000 };
const PATCH = { etag: "*", tags: { done: true }, properties: { desired: { a: 1 } } };

/** A hub with so many devices, and Microsoft's JobClient. */
async function openJobs(
  devices: number,
  options: Parameters<typeof openHub>[0] = {},
): Promise<HubFixture & { jobs: iothub.JobClient; status: (jobId: string) => Promise<JobStatus> }> {
  const fixture = await openHub(options);
  for (let index = 0; index < devices; index++) {
    fixture.hub.createDevice({ deviceId: `d${index}`, tags: { odd: index % 2 === 1 } });
  }
  const jobs = connectJobClient(fixture.hub);
  return { ...fixture, jobs, status: async (jobId) => statusIn(await jobs.getJob(jobId)) };
}

// The SDK types its answers as any.
function statusIn({ jobStatus }: { jobStatus: unknown }): JobStatus {
  return jobStatus as JobStatus;
}

async function ended(
  { status }: { status: (jobId: string) => Promise<JobStatus> },
  jobId: string,
): Promise<JobStatus> {
  await expect.poll(async () => (await status(jobId)).endTime, PATIENTLY).toBeDefined();
  return status(jobId);
}

async function tagged({ registry }: HubFixture): Promise<number> {
  const { result } = (await registry
    .createQuery("SELECT COUNT() AS n FROM devices WHERE tags.done = true")
    .next()) as { result: unknown };
  return (result as { n: number }[])[0]?.n ?? -1;
}

describe("a job that updates twins", () => {
  it("writes the twins of the devices that meet its condition, and tells how many [facts 4.1]", async () => {
    await using fixture = await openJobs(5);
    await using device = await connectDevice(fixture.hub, "d1");
    const heard = device.nextDesired();
    const created = statusIn(await fixture.jobs.scheduleTwinUpdate("j1", "tags.odd = true", PATCH));
    expect(created).toEqual({
      jobId: "j1",
      type: "scheduleUpdateTwin",
      updateTwin: PATCH,
      queryCondition: "tags.odd = true",
      createdTime: "2026-01-01T00:00:00.0000000Z",
      startTime: "2026-01-01T00:00:00.0000000Z",
      maxExecutionTimeInSeconds: 3600,
      status: "queued",
      deviceJobStatistics: {
        deviceCount: 0,
        failedCount: 0,
        succeededCount: 0,
        runningCount: 0,
        pendingCount: 0,
      },
    });
    expect(await ended(fixture, "j1")).toMatchObject({
      status: "completed",
      deviceJobStatistics: { deviceCount: 2, succeededCount: 2, failedCount: 0, pendingCount: 0 },
    });
    expect(await heard).toMatchObject({ a: 1 });
    expect(await tagged(fixture)).toBe(2);
    expect(fixture.hub.quota().used).toBeGreaterThanOrEqual(2);
  });

  it("takes what a query takes for its condition, and all devices for *", async () => {
    await using fixture = await openJobs(4);
    await fixture.jobs.scheduleTwinUpdate("j1", "deviceId IN ['d0', 'd3'] OR tags.odd = 7", PATCH);
    expect(await ended(fixture, "j1")).toMatchObject({ deviceJobStatistics: { deviceCount: 2 } });
    await fixture.jobs.scheduleTwinUpdate("j2", "*", PATCH);
    expect(await ended(fixture, "j2")).toMatchObject({ deviceJobStatistics: { deviceCount: 4 } });
  });

  it("starts at its time, with the devices of that time", async () => {
    await using fixture = await openJobs(1);
    const start = new Date(fixture.clock.now() + 60_000);
    expect(statusIn(await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH, start)).status).toBe("scheduled");
    await fixture.clock.advance(59_999);
    fixture.hub.createDevice({ deviceId: "later" });
    expect((await fixture.status("j1")).status).toBe("scheduled");
    await fixture.clock.advance(1);
    expect(await ended(fixture, "j1")).toMatchObject({ deviceJobStatistics: { succeededCount: 2 } });
  });

  it("goes at the tier's rate: ten devices a second on S1 [facts 1.9]", async () => {
    await using fixture = await openJobs(25, { throttle: "strict" });
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH);
    await expect.poll(() => tagged(fixture), PATIENTLY).toBe(10);
    expect(await fixture.status("j1")).toMatchObject({
      status: "running",
      deviceJobStatistics: { succeededCount: 10, pendingCount: 15 },
    });
    await fixture.clock.advance(1000);
    expect(await tagged(fixture)).toBe(20);
    await fixture.clock.advance(500);
    expect((await ended(fixture, "j1")).status).toBe("completed");
  });

  it("fails what is left when its time is over", async () => {
    await using fixture = await openJobs(25, { throttle: "strict" });
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH, new Date(0), 1);
    await expect.poll(() => tagged(fixture), PATIENTLY).toBe(10);
    await fixture.clock.advance(1000);
    const status = await ended(fixture, "j1");
    expect(status.status).toBe("failed");
    expect(status.failureReason).toContain("maxExecutionTimeInSeconds of 1");
    expect(status.deviceJobStatistics).toMatchObject({ pendingCount: 0, deviceCount: 25 });
    await fixture.clock.advance(10_000);
    expect(await tagged(fixture)).toBe(status.deviceJobStatistics["succeededCount"]);
  });

  it("fails for a device that is gone by its turn, or whose etag is another", async () => {
    await using fixture = await openJobs(12, { throttle: "strict" });
    await fixture.jobs.scheduleTwinUpdate("j1", "*", { ...PATCH, etag: "AAAAAAAAAAE=" });
    await expect.poll(() => tagged(fixture), PATIENTLY).toBe(10);
    await fixture.registry.delete("d10");
    await fixture.registry.updateTwin("d11", { tags: { other: 1 } }, "*");
    await fixture.clock.advance(200);
    expect(await ended(fixture, "j1")).toMatchObject({
      status: "completed",
      deviceJobStatistics: { succeededCount: 10, failedCount: 2 },
    });
  });

  it("can be cancelled until it has ended, and then does nothing more", async () => {
    await using fixture = await openJobs(25, { throttle: "strict" });
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH);
    await expect.poll(() => tagged(fixture), PATIENTLY).toBe(10);
    expect(statusIn(await fixture.jobs.cancelJob("j1"))).toMatchObject({
      status: "cancelled",
      deviceJobStatistics: { succeededCount: 10, pendingCount: 0 },
    });
    await fixture.clock.advance(10_000);
    expect(await tagged(fixture)).toBe(10);
    expect(await refusal(fixture.jobs.cancelJob("j1"))).toMatchObject({
      status: 400,
      code: "InvalidOperation",
    });
  });
});

describe("a job that calls methods", () => {
  it("has each device's answer in its row, and why there is none [facts 3.2]", async () => {
    await using fixture = await openJobs(2);
    await using device = await connectDevice(fixture.hub, "d0");
    device.client.onDeviceMethod("reboot", (request, response) => {
      void response.send(200, { in: (request.payload as { delay: number }).delay });
    });
    const call = { methodName: "reboot", payload: { delay: 3 }, connectTimeoutInSeconds: 0 };
    await fixture.jobs.scheduleDeviceMethod("j1", "*", call);
    expect(await ended(fixture, "j1")).toMatchObject({
      status: "completed",
      deviceJobStatistics: { failedCount: 1, succeededCount: 1 },
    });
    const query = fixture.registry.createQuery("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j1'");
    const { result } = (await query.next()) as { result: unknown };
    expect(result).toEqual([
      expect.objectContaining({
        deviceId: "d0",
        status: "completed",
        outcome: { deviceMethodResponse: { status: 200, payload: { in: 3 } } },
      }),
      expect.objectContaining({ deviceId: "d1", status: "failed" }),
    ]);
  });
});

describe("jobs", () => {
  it("are refused beyond the number that a tier runs at once, and wait for their turn when scheduled before", async () => {
    await using fixture = await openJobs(25, { throttle: "strict" });
    const { jobs, clock } = fixture;
    await jobs.scheduleTwinUpdate("later", "*", PATCH, new Date(clock.now() + 500));
    await jobs.scheduleTwinUpdate("first", "*", PATCH);
    expect(await refusal(jobs.scheduleTwinUpdate("second", "*", PATCH))).toMatchObject({
      status: 429,
      code: "ThrottlingMaxActiveJobCountExceeded",
    });
    await expect.poll(() => tagged(fixture), PATIENTLY).toBe(10);
    await clock.advance(500);
    expect((await fixture.status("later")).status).toBe("queued");
    await jobs.cancelJob("first");
    await clock.advance(100);
    await expect.poll(async () => (await fixture.status("later")).status, PATIENTLY).toBe("running");
    await clock.advance(3000);
    expect((await ended(fixture, "later")).status).toBe("completed");
    await jobs.scheduleTwinUpdate("second", "*", PATCH);
  });

  it("are listed page by page, by type and status", async () => {
    await using fixture = await openJobs(0, { tier: "S2" });
    for (const jobId of ["j1", "j2", "j3"]) await fixture.jobs.scheduleTwinUpdate(jobId, "*", PATCH);
    await fixture.jobs.scheduleDeviceMethod("m1", "*", { methodName: "reboot" });
    for (const jobId of ["j1", "j2", "j3", "m1"]) await ended(fixture, jobId);
    const query = fixture.jobs.createQuery("scheduleUpdateTwin", "completed" as never, 2);
    const pages: string[][] = [];
    while (query.hasMoreResults) {
      // Without the token the SDK would ask for the first page for ever.
      const { result } = (await query.next(query.continuationToken)) as { result: unknown };
      pages.push((result as { jobId: string }[]).map(({ jobId }) => jobId));
    }
    expect(pages).toEqual([["j1", "j2"], ["j3"]]);
    const running = await fixture.jobs.createQuery(undefined, "running").next();
    expect(running.result).toEqual([]);
  });

  it("are forgotten 30 days after they ended [facts 1.9]", async () => {
    await using fixture = await openJobs(1);
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH);
    await ended(fixture, "j1");
    await fixture.clock.advance(30 * 86_400_000 - 1);
    expect((await fixture.status("j1")).status).toBe("completed");
    await fixture.clock.advance(1);
    expect(await refusal(fixture.jobs.getJob("j1"))).toMatchObject({ status: 404, code: "JobNotFound" });
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH);
  });

  it.each([
    ["a condition that cannot be read", { queryCondition: "tags. =" }],
    ["a condition with a grouping", { queryCondition: "tags.a = 1 GROUP BY tags.a" }],
    ["no work", { updateTwin: undefined }],
    ["a twin that cannot be", { updateTwin: { tags: { "a b": 1 } } }],
    ["a time that is none", { startTime: "tomorrow" }],
    ["another id in the body", { jobId: "j2" }],
    ["an unknown type", { type: "reboot" }],
  ])("are refused with %s", async (_case, change) => {
    await using fixture = await openJobs(1);
    const job = { type: "scheduleUpdateTwin", updateTwin: PATCH, queryCondition: "*", ...change };
    const answer = await ask(fixture.hub, "PUT /jobs/v2/j1", { body: job });
    expect(answer).toMatchObject({ status: 400, headers: { "iothub-errorcode": "ArgumentInvalid" } });
  });

  it("are refused under an id that is taken, or cannot be", async () => {
    await using fixture = await openJobs(1);
    await fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH);
    await ended(fixture, "j1");
    expect(await refusal(fixture.jobs.scheduleTwinUpdate("j1", "*", PATCH))).toMatchObject({
      status: 409,
      code: "JobAlreadyExists",
    });
    expect(await refusal(fixture.jobs.scheduleTwinUpdate("j 1", "*", PATCH))).toMatchObject({ status: 400 });
    expect(fixture.hub.calls().jobs).toBeGreaterThan(2);
  });
});
