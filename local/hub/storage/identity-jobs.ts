import { randomUUID } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { HubClock } from "../clock.ts";
import type { DeviceStore } from "../device-store.ts";
import { jsonOrUndefined } from "../json-value.ts";
import type { BlankKeys } from "../rest/identity-body.ts";
import { applyRegistryItem } from "../rest/registry-item.ts";
import { ServiceError } from "../service-error.ts";
import { openContainer, type StorageAccess } from "./blob-container.ts";
import { ERRORS_BLOB, IDENTITIES_BLOB, identityLines } from "./identity-lines.ts";

/** What an import or export is to do. */
export interface IdentityJobRequest {
  readonly type: "import" | "export";
  /** Of an import. */
  readonly inputContainer?: string;
  readonly inputBlob?: string;
  readonly outputContainer: string;
  readonly outputBlob?: string;
  readonly excludeKeys: boolean;
}

/** An import or export of identities through blob storage. */
export interface IdentityJob extends IdentityJobRequest {
  readonly jobId: string;
  readonly status: "enqueued" | "running" | "completed" | "failed" | "cancelled";
  /** Of a hundred. */
  readonly progress: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly failureReason?: string;
}

/** The imports and exports of a hub. They do not outlive it. */
export interface IdentityJobs {
  readonly all: () => readonly IdentityJob[];
  /** The job, or 404 JobNotFound. */
  readonly get: (jobId: string) => IdentityJob;
  readonly create: (request: IdentityJobRequest) => IdentityJob;
  /** One that has ended stays as it is. */
  readonly cancel: (jobId: string) => void;
}

/** What they stand on. */
export interface IdentityJobsOptions {
  readonly devices: DeviceStore;
  readonly clock: Pick<HubClock, "now">;
  readonly closing: AbortSignal;
  readonly blankKeys: BlankKeys;
  readonly storage: StorageAccess;
}

const MAX_KEPT = 100;
/** Lines that are done before others get their turn. */
const LINES_A_TURN = 100;

/** No imports or exports yet; one may run at a time [IoT Hub: quotas, import and export jobs]. */
export function createIdentityJobs(options: IdentityJobsOptions): IdentityJobs {
  const { devices, clock, closing, blankKeys, storage } = options;
  const jobs = new Map<string, IdentityJob>();
  const cancels = new Map<string, AbortController>();

  const get = (jobId: string): IdentityJob => {
    const job = jobs.get(jobId);
    if (job === undefined) throw new ServiceError(404, "JobNotFound", { message: `Job ${jobId} not found` });
    return job;
  };
  const change = (jobId: string, changes: Partial<IdentityJob>): void => {
    const before = jobs.get(jobId);
    if (before !== undefined && before.endedAt === undefined) jobs.set(jobId, { ...before, ...changes });
  };
  const exportAll = async (job: IdentityJob, signal: AbortSignal): Promise<void> => {
    const { lines, count } = identityLines(devices, job);
    const output = openContainer(job.outputContainer, { ...storage, signal });
    const counted = Iterator.from(lines).map((line, index) => {
      change(job.jobId, { progress: Math.floor((100 * index) / count) });
      return line;
    });
    await output.write(job.outputBlob ?? IDENTITIES_BLOB, counted);
  };
  const importAll = async (job: IdentityJob, signal: AbortSignal): Promise<void> => {
    const input = openContainer(job.inputContainer ?? "", { ...storage, signal });
    const errors: string[] = [];
    let number = 0;
    for await (const { text, share } of input.lines(job.inputBlob ?? IDENTITIES_BLOB)) {
      number += 1;
      if (number % LINES_A_TURN === 0) {
        change(job.jobId, { progress: Math.floor(100 * share) });
        await turn();
        signal.throwIfAborted();
      }
      const line = text.trim();
      if (line === "") continue;
      const report = applyRegistryItem(devices, jsonOrUndefined(line), {
        blankKeys,
        defaultMode: "createorupdate",
      });
      const { deviceId, moduleId, error, warning } = report;
      if (error === undefined && warning === undefined) continue;
      const { code: errorCode, message: errorStatus } = error ?? warning ?? { code: "", message: "" };
      const who = { deviceId, ...(moduleId === undefined ? {} : { moduleId }) };
      errors.push(`${JSON.stringify({ ...who, line: number, errorCode, errorStatus })}\n`);
    }
    if (errors.length === 0) return;
    await openContainer(job.outputContainer, { ...storage, signal }).write(ERRORS_BLOB, errors);
  };
  const run = async (jobId: string, signal: AbortSignal): Promise<void> => {
    // Not while the request that created it is being answered.
    await turn();
    const job = jobs.get(jobId);
    if (job === undefined || job.endedAt !== undefined) return;
    change(jobId, { status: "running" });
    const end = (how: Partial<IdentityJob>): void => {
      change(jobId, { ...how, endedAt: clock.now() });
    };
    try {
      await (job.type === "export" ? exportAll : importAll)(job, signal);
      end({ status: "completed", progress: 100 });
    } catch (error) {
      end({ status: "failed", failureReason: error instanceof Error ? error.message : String(error) });
    } finally {
      cancels.delete(jobId);
    }
  };

  return {
    all: () => [...jobs.values()],
    get,
    create: (request) => {
      if (jobs.values().some(({ endedAt }) => endedAt === undefined)) {
        throw new ServiceError(403, "JobQuotaExceeded", {
          message:
            "An import or export of identities is running, and one may at a time: wait for it, or cancel it",
        });
      }
      const [oldest] = jobs.keys();
      if (jobs.size >= MAX_KEPT && oldest !== undefined) jobs.delete(oldest);
      const jobId = randomUUID();
      const job = { ...request, jobId, status: "enqueued", progress: 0, startedAt: clock.now() } as const;
      jobs.set(jobId, job);
      const cancel = new AbortController();
      cancels.set(jobId, cancel);
      void run(jobId, AbortSignal.any([closing, cancel.signal]));
      return job;
    },
    cancel: (jobId) => {
      get(jobId);
      change(jobId, { status: "cancelled", endedAt: clock.now() });
      cancels.get(jobId)?.abort();
    },
  };
}
