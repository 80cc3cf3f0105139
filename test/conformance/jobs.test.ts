import { expect } from "vitest";
import { refusal } from "../support/service-answer.ts";
import { describeArea } from "./area.ts";
import type { HubUnderTest } from "./hub-under-test.ts";
import { NUMBER, TIME } from "./variable-parts.ts";

interface JobStatus {
  readonly jobId: string;
  readonly status: string;
  readonly deviceJobStatistics: Readonly<Record<string, number>>;
}

const PATCH = { etag: "*", tags: { done: true } };

// The SDK types its answers as any.
function statusIn({ jobStatus }: { jobStatus: unknown }): JobStatus {
  return jobStatus as JobStatus;
}

async function completed(hub: HubUnderTest, jobId: string): Promise<JobStatus> {
  let last: JobStatus | undefined;
  await hub.eventually(async () => {
    // The work of a job takes its time: ten devices a second.
    if (hub.mode === "local") await hub.pass(1000);
    last = statusIn(await hub.jobs.getJob(jobId));
    expect(last.status).toBe("completed");
  });
  return last!;
}

describeArea("jobs", (it) => {
  it("write the twins of the devices that meet their condition, and tell how many [facts 4.1]", async (hub) => {
    const { ids, where } = await hub.newFlock({ odd: true }, { odd: false }, { odd: true });
    const jobId = hub.newJobId();
    const condition = `${where} AND tags.odd = true`;
    const created = statusIn(await hub.jobs.scheduleTwinUpdate(jobId, condition, PATCH));
    expect(created).toMatchObject({
      jobId,
      type: "scheduleUpdateTwin",
      queryCondition: condition,
      createdTime: TIME,
      startTime: TIME,
      maxExecutionTimeInSeconds: NUMBER,
    });
    expect(["queued", "scheduled", "running", "enqueued"]).toContain(created.status);
    expect((await completed(hub, jobId)).deviceJobStatistics).toEqual({
      deviceCount: 2,
      failedCount: 0,
      succeededCount: 2,
      runningCount: 0,
      pendingCount: 0,
    });
    const tags = await Promise.all(ids.map(async (id) => (await hub.registry.getTwin(id)).responseBody.tags));
    expect(tags.map(({ done }) => done as unknown)).toEqual([true, undefined, true]);
  });

  it("call a method on devices, and fail on those that are not connected", async (hub) => {
    const { ids, where } = await hub.newFlock({}, {});
    await using device = await hub.connect(ids[0]!);
    device.client.onDeviceMethod("ping", (_request, response) => void response.send(200, "pong"));
    // So that the device is known to have subscribed.
    await hub.methods.invokeDeviceMethod(ids[0]!, { methodName: "ping", connectTimeoutInSeconds: 30 });
    const jobId = hub.newJobId();
    const method = {
      methodName: "ping",
      responseTimeoutInSeconds: 15,
      connectTimeoutInSeconds: 0,
      payload: null,
    };
    await hub.jobs.scheduleDeviceMethod(jobId, where, method);
    expect((await completed(hub, jobId)).deviceJobStatistics).toMatchObject({
      deviceCount: 2,
      failedCount: 1,
      succeededCount: 1,
    });
  });

  it("are scheduled for later and can be cancelled until then", async (hub) => {
    const { ids, where } = await hub.newFlock({});
    const jobId = hub.newJobId();
    const start = new Date(hub.now() + 3_600_000);
    const created = statusIn(await hub.jobs.scheduleTwinUpdate(jobId, where, PATCH, start, 60));
    expect(created).toMatchObject({ status: "scheduled", maxExecutionTimeInSeconds: 60 });
    await hub.jobs.cancelJob(jobId);
    await hub.eventually(async () => {
      expect(statusIn(await hub.jobs.getJob(jobId)).status).toBe("cancelled");
    });
    expect((await hub.registry.getTwin(ids[0]!)).responseBody.tags).not.toHaveProperty("done");
  });

  it("are found in the list by type and status", async (hub) => {
    const { where } = await hub.newFlock({});
    const jobId = hub.newJobId();
    await hub.jobs.scheduleTwinUpdate(jobId, where, PATCH);
    await completed(hub, jobId);
    await hub.eventually(async () => {
      const query = hub.jobs.createQuery("scheduleUpdateTwin", "completed" as never); // typed as the enum of Registry's jobs
      const found: string[] = [];
      while (query.hasMoreResults) {
        const { result } = (await query.next(query.continuationToken)) as { result: unknown };
        found.push(...(result as { jobId: string }[]).map((job) => job.jobId));
      }
      expect(found).toContain(jobId);
    });
  });

  it("are rows of devices.jobs, one for each device", async (hub) => {
    const { ids, where } = await hub.newFlock({}, {});
    const jobId = hub.newJobId();
    await hub.jobs.scheduleTwinUpdate(jobId, where, PATCH);
    await completed(hub, jobId);
    await hub.eventually(async () => {
      const text = `SELECT * FROM devices.jobs WHERE devices.jobs.jobId = '${jobId}'`;
      const rows = (await hub.registry.createQuery(text).next()).result as Record<string, unknown>[];
      expect(rows.map((row) => row["deviceId"]).toSorted()).toEqual(ids.toSorted());
      for (const row of rows)
        expect(row).toMatchObject({ jobId, jobType: "scheduleUpdateTwin", status: "completed" });
    });
  });

  it("that are not there are 404 JobNotFound", async (hub) => {
    expect(await refusal(hub.jobs.getJob(hub.newJobId()))).toMatchObject({
      status: 404,
      code: "JobNotFound",
    });
  });

  it("have an id once [G]", async (hub) => {
    const { where } = await hub.newFlock({});
    const jobId = hub.newJobId();
    await hub.jobs.scheduleTwinUpdate(jobId, where, PATCH);
    await completed(hub, jobId);
    const again = hub.jobs.scheduleTwinUpdate(jobId, where, PATCH);
    expect(await refusal(again)).toMatchObject({ status: 409 });
  });

  it("are refused with a condition that is none", async (hub) => {
    const call = hub.jobs.scheduleTwinUpdate(hub.newJobId(), "tags. =", PATCH);
    expect(await refusal(call)).toMatchObject({ status: 400, kind: "ArgumentError" });
  });
});
