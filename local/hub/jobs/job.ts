import type { JsonObject, JsonValue } from "../json-value.ts";
import { serviceTime } from "../timestamp.ts";

/** What a job does to each of its devices; requests as they were written [facts 4.1]. */
export type JobWork =
  | { readonly type: "scheduleUpdateTwin"; readonly updateTwin: JsonObject }
  | { readonly type: "scheduleDeviceMethod"; readonly cloudToDeviceMethod: JsonObject };

/** Where a job is: it waits for its time, waits for its turn, runs, or has ended. */
export type JobStatus = "scheduled" | "queued" | "running" | "completed" | "failed" | "cancelled";

/** A job over many devices. */
export interface Job {
  readonly jobId: string;
  /** Place in the order of creation; queries page by it. */
  readonly sequence: number;
  readonly work: JobWork;
  readonly queryCondition: string;
  readonly createdAt: number;
  /** When it is to start. */
  readonly startAt: number;
  readonly maxExecutionSeconds: number;
  readonly status: JobStatus;
  /** When it did; its time runs from then. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly failureReason?: string;
}

/** What one device has to do in a job, and how it ended. */
export interface DeviceJob {
  readonly deviceId: string;
  readonly status: "pending" | "running" | "completed" | "failed" | "canceled";
  readonly updatedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** The answer to a direct method. */
  readonly response?: { readonly status: number; readonly payload: JsonValue };
  readonly error?: { readonly code: string; readonly description: string };
}

/** How many devices of a job are where. */
export type JobCounts = Readonly<Record<DeviceJob["status"], number>>;

/** Whether a job, or a device in one, has come to its end. */
export function isEnded({ status }: Pick<Job | DeviceJob, "status">): boolean {
  return status === "completed" || status === "failed" || status === "cancelled" || status === "canceled";
}

/** The job as the service API shows it [facts 4.1: JobResponse]. */
export function jobDocument(job: Job, counts: JobCounts): JsonObject {
  const { endedAt, failureReason } = job;
  return {
    jobId: job.jobId,
    queryCondition: job.queryCondition,
    createdTime: serviceTime(job.createdAt),
    startTime: serviceTime(job.startAt),
    ...(endedAt === undefined ? {} : { endTime: serviceTime(endedAt) }),
    maxExecutionTimeInSeconds: job.maxExecutionSeconds,
    ...job.work,
    status: job.status,
    ...(failureReason === undefined ? {} : { failureReason, statusMessage: failureReason }),
    deviceJobStatistics: {
      deviceCount: Object.values(counts).reduce((sum, count) => sum + count, 0),
      // A device that was not reached because the job was cancelled has no count of its own.
      failedCount: counts.failed,
      succeededCount: counts.completed,
      runningCount: counts.running,
      pendingCount: counts.pending,
    },
  };
}

/** What a device has to do, as a row of `devices.jobs` [facts 3.2]. */
export function deviceJobDocument(job: Job, device: DeviceJob): JsonObject {
  const { startedAt, endedAt, response, error } = device;
  return {
    deviceId: device.deviceId,
    jobId: job.jobId,
    jobType: job.work.type,
    status: device.status,
    ...(startedAt === undefined ? {} : { startTimeUtc: serviceTime(startedAt) }),
    ...(endedAt === undefined ? {} : { endTimeUtc: serviceTime(endedAt) }),
    createdDateTimeUtc: serviceTime(job.startedAt ?? job.createdAt),
    lastUpdatedDateTimeUtc: serviceTime(device.updatedAt),
    ...(response === undefined ? {} : { outcome: { deviceMethodResponse: response } }),
    ...(error === undefined ? {} : { error }),
  };
}
