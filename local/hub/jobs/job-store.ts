import type { HubClock } from "../clock.ts";
import { createJournal, type Journal } from "../journal.ts";
import type { JsonObject } from "../json-value.ts";
import { ServiceError } from "../service-error.ts";
import { createJobRecords, openDevices, type JobEntry, type JobRecord } from "./job-records.ts";
import { deviceJobDocument, isEnded, type DeviceJob, type Job } from "./job.ts";

/** What is chosen when a job is created. */
export type NewJob = Pick<Job, "jobId" | "work" | "queryCondition" | "startAt" | "maxExecutionSeconds">;

/** How a device in a job ended, or that it began. */
export type DeviceStep = Pick<DeviceJob, "status" | "response" | "error">;

/** All jobs of a hub, and the only way to change them. */
export interface JobStore {
  /** In the order of creation. */
  readonly all: () => readonly JobRecord[];
  /** The job, or 404 JobNotFound. */
  readonly get: (jobId: string) => JobRecord;
  readonly find: (jobId: string) => JobRecord | undefined;
  readonly create: (job: NewJob) => JobRecord;
  /** It waits for its turn. */
  readonly queue: (jobId: string) => void;
  /** It runs, on these devices. */
  readonly start: (jobId: string, deviceIds: readonly string[]) => void;
  /** A device went on; of one that has ended already nothing is noted. */
  readonly note: (jobId: string, deviceId: string, step: DeviceStep) => void;
  /** It ends; devices that have not ended get this step. */
  readonly end: (jobId: string, how: Pick<Job, "status" | "failureReason">, left: DeviceStep) => void;
  /** Rows of `devices.jobs` [facts 3.2]. */
  readonly rows: () => Iterable<JsonObject>;
}

/** How long a job that ended is told of [facts 1.9]. */
const JOB_HISTORY_MS = 30 * 86_400_000;
/** All jobs that are kept, however many end: they are held in memory [G]. */
const MAX_JOBS = 10_000;
/** Device ids in one entry of the journal. */
const TARGETS_AN_ENTRY = 10_000;

/** An empty store. */
export function createJobStore(options: {
  readonly clock: Pick<HubClock, "now">;
  readonly maxConcurrentJobs: number;
  readonly journal?: Journal;
}): JobStore {
  const { clock, maxConcurrentJobs, journal = createJournal() } = options;
  const records = createJobRecords();
  // Entries are plain JSON by construction; they come back from a file that a hub of this version wrote.
  const scribe = journal.attach("jobs", {
    replay: (entry) => {
      records.apply(entry as unknown as JobEntry);
    },
    capture: () => records.capture() as Iterable<unknown> as Iterable<JsonObject>,
    clear: records.clear,
  });
  /** Write entries down, all or none, and only then do what they say. */
  const commitAll = (entries: readonly JobEntry[]): void => {
    journal.batch(() => {
      for (const entry of entries) scribe(entry as unknown as JsonObject);
    });
    for (const entry of entries) records.apply(entry);
  };
  const commit = (entry: JobEntry): void => {
    commitAll([entry]);
  };
  const forgetOld = (): void => {
    const until = clock.now() - JOB_HISTORY_MS;
    for (const { job } of [...records.all()])
      if (job.endedAt !== undefined && job.endedAt <= until) commit({ op: "drop", jobId: job.jobId });
  };
  const all = (): readonly JobRecord[] => {
    forgetOld();
    return [...records.all()];
  };
  const get = (jobId: string): JobRecord => {
    forgetOld();
    const record = records.find(jobId);
    if (record !== undefined) return record;
    throw new ServiceError(404, "JobNotFound", { message: `Job ${jobId} not found` });
  };
  const changed = (jobId: string, changes: Partial<Job>): JobEntry => ({
    op: "put",
    job: { ...get(jobId).job, ...changes },
  });
  const stepped = (jobId: string, before: DeviceJob, step: DeviceStep): JobEntry => {
    const at = clock.now();
    const startedAt = before.startedAt ?? (step.status === "canceled" ? undefined : at);
    const device = {
      ...before,
      ...step,
      updatedAt: at,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(isEnded(step) ? { endedAt: at } : {}),
    };
    return { op: "device", jobId, device };
  };

  return {
    all,
    get,
    find: records.find,
    create: (job) => {
      const now = clock.now();
      if (records.find(job.jobId) !== undefined) {
        throw new ServiceError(409, "JobAlreadyExists", { message: `Job ${job.jobId} already exists` });
      }
      const isLater = job.startAt > now;
      const active = all().filter(
        (one) => one.job.status === "running" || one.job.status === "queued",
      ).length;
      // Jobs that wait for their time are not active; when it comes, they wait for their turn [G].
      if (!isLater && active >= maxConcurrentJobs) {
        throw new ServiceError(429, "ThrottlingMaxActiveJobCountExceeded", {
          message: `${active} jobs are active, the limit is ${maxConcurrentJobs}: wait for one to end, or cancel it`,
        });
      }
      if (records.size() >= MAX_JOBS) {
        const oldest = Iterator.from(records.all()).find((one) => isEnded(one.job));
        if (oldest === undefined)
          throw new ServiceError(403, "JobQuotaExceeded", { message: `${MAX_JOBS} jobs wait, the limit` });
        commit({ op: "drop", jobId: oldest.job.jobId });
      }
      const status = isLater ? "scheduled" : "queued";
      commit({ op: "put", job: { ...job, sequence: records.nextSequence(), createdAt: now, status } });
      return get(job.jobId);
    },
    queue: (jobId) => {
      commit(changed(jobId, { status: "queued" }));
    },
    start: (jobId, deviceIds) => {
      const at = clock.now();
      const entries = [changed(jobId, { status: "running", startedAt: at })];
      for (let from = 0; from < deviceIds.length; from += TARGETS_AN_ENTRY)
        entries.push({ op: "targets", jobId, deviceIds: deviceIds.slice(from, from + TARGETS_AN_ENTRY), at });
      commitAll(entries);
    },
    note: (jobId, deviceId, step) => {
      const before = records.find(jobId)?.devices.get(deviceId);
      if (before !== undefined && !isEnded(before)) commit(stepped(jobId, before, step));
    },
    end: (jobId, how, left) => {
      const entries = openDevices(get(jobId)).map((device) => stepped(jobId, device, left));
      commitAll([...entries, changed(jobId, { ...how, endedAt: clock.now() })]);
    },
    *rows() {
      for (const { job, devices } of all())
        for (const device of devices.values()) yield deviceJobDocument(job, device);
    },
  };
}
