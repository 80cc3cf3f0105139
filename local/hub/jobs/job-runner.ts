import { setImmediate as turn } from "node:timers/promises";
import { createAlarm } from "../alarm.ts";
import type { HubClock } from "../clock.ts";
import type { QueryOptions } from "../query/query-options.ts";
import type { ThrottleMode } from "../throttle.ts";
import type { TierLimits } from "../tier.ts";
import { createTokenBucket } from "../token-bucket.ts";
import type { JobStore } from "./job-store.ts";
import { compileJobTarget } from "./job-target.ts";
import { openDevices } from "./job-records.ts";
import { workOn, type JobContext } from "./job-work.ts";
import type { Job } from "./job.ts";

/** What jobs run on. */
export interface JobRunnerOptions extends JobContext {
  readonly jobs: JobStore;
  readonly queryOptions?: QueryOptions;
  readonly clock: HubClock;
  /** Aborted when the hub closes: what runs then stays as it is, and goes on when the hub starts again. */
  readonly closing: AbortSignal;
  readonly limits: TierLimits;
  /** Without a throttle, devices are not paced either. */
  readonly mode: ThrottleMode;
  /** Hears of a job that cannot go on, or start, because nothing can be written down. */
  readonly onTrouble?: (error: unknown) => void;
}

/** When the jobs are looked at again after that failed. */
const RETRY_MS = 60_000;
/** So many devices without pace before others get their turn. */
const DEVICES_A_TURN = 100;

/**
 * Runs the jobs of a store: each at its time, so many at once as the tier allows, device by device at the tier's rate
 * [facts 1.9]. The function it returns looks for work: call it after a job was created or ended, and once the store is
 * filled from disk.
 */
export function createJobRunner(options: JobRunnerOptions): () => void {
  const { jobs, devices, clock, closing, limits, onTrouble = () => undefined } = options;
  const running = new Set<string>();
  const stuck = new Set<string>();
  const pace = createPace(options);

  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    const until = signal === undefined ? closing : AbortSignal.any([closing, signal]);
    // A sleep that was called off may reject.
    await clock.sleep(ms, until).catch(() => undefined);
  };
  const wake = (): void => {
    if (closing.aborted) return;
    try {
      startWhatIsDue();
    } catch (error) {
      onTrouble(error);
      alarm.setFor(clock.now() + RETRY_MS);
    }
  };
  const alarm = createAlarm({ clock, closing, ring: wake });
  const startWhatIsDue = (): void => {
    const now = clock.now();
    for (const { job } of jobs.all()) {
      const { jobId, status, startAt } = job;
      if (running.has(jobId) || stuck.has(jobId)) continue;
      // After a restart: it was running, and goes on, whatever waits.
      if (status === "running") void run(jobId);
      else if ((status === "scheduled" || status === "queued") && startAt > now) alarm.setFor(startAt);
      else if (status === "scheduled" || status === "queued") {
        if (running.size < limits.maxConcurrentJobs) void run(jobId);
        else if (status === "scheduled") jobs.queue(jobId);
      }
    }
  };
  const isRunning = (jobId: string): boolean =>
    !closing.aborted && jobs.find(jobId)?.job.status === "running";

  const run = async (jobId: string): Promise<void> => {
    running.add(jobId);
    try {
      // Not while the request that created it is being answered.
      await turn();
      await runJob(jobId);
    } catch (error) {
      // Its end cannot be written down where nothing can: it is left as it is until the hub starts again.
      stuck.add(jobId);
      onTrouble(error);
    } finally {
      running.delete(jobId);
      wake();
    }
  };
  const runJob = async (jobId: string): Promise<void> => {
    const job = startedJob(jobId);
    if (job === undefined) return;
    const deadline = (job.startedAt ?? clock.now()) + job.maxExecutionSeconds * 1000;
    const ended = new AbortController();
    const work = workThrough(job, deadline).finally(() => {
      ended.abort();
    });
    await Promise.race([work, sleep(Math.max(0, deadline - clock.now()), ended.signal)]);
    if (!isRunning(jobId)) return;
    const record = jobs.get(jobId);
    if (openDevices(record).length === 0) {
      // Also when devices failed: that is what its statistics are for [G].
      jobs.end(jobId, { status: "completed" }, { status: "failed" });
      return;
    }
    const failureReason = `The job did not end within its maxExecutionTimeInSeconds of ${job.maxExecutionSeconds}`;
    const error = { code: "JobCancelled", description: failureReason };
    jobs.end(jobId, { status: "failed", failureReason }, { status: "failed", error });
  };
  /** The job with its devices chosen; undefined when it may not run any more. */
  const startedJob = (jobId: string): Job | undefined => {
    const job = jobs.find(jobId)?.job;
    if (job === undefined || closing.aborted) return undefined;
    if (job.status === "scheduled" || job.status === "queued") {
      const isTarget = compileJobTarget(job.queryCondition, options.queryOptions ?? {});
      jobs.start(
        jobId,
        [...devices.all()].filter(isTarget).map(({ deviceId }) => deviceId),
      );
    }
    const started = jobs.find(jobId)?.job;
    return started?.status === "running" ? started : undefined;
  };
  const workThrough = async ({ jobId, work }: Job, deadline: number): Promise<void> => {
    const open = new Set<Promise<unknown>>();
    let done = 0;
    for (const { deviceId } of openDevices(jobs.get(jobId))) {
      await pace(sleep);
      if (++done % DEVICES_A_TURN === 0) await turn();
      if (!isRunning(jobId) || clock.now() >= deadline) return;
      const isMethod = work.type === "scheduleDeviceMethod";
      if (isMethod) jobs.note(jobId, deviceId, { status: "running" });
      const step = workOn(deviceId, { ...options, work }).then((ended) => {
        // What a closing hub cut off is done again when it goes on.
        if (isRunning(jobId)) jobs.note(jobId, deviceId, ended);
      });
      if (!isMethod) {
        await step;
        continue;
      }
      // Nobody waits for the answer of the device before. A failure stays in the set, to be thrown at the end.
      const flight: Promise<unknown> = step.then(() => open.delete(flight));
      flight.catch(() => undefined);
      open.add(flight);
    }
    await Promise.all(open);
  };
  return wake;
}

type Pace = (sleep: (ms: number) => Promise<void>) => Promise<void>;

/** All jobs share one rate; whoever is over it waits, in every mode but "off". */
function createPace({ clock, limits, mode }: JobRunnerOptions): Pace {
  if (mode === "off") return () => Promise.resolve();
  const { operations: capacity, periodMs } = limits.rates.jobDeviceOperations;
  const bucket = createTokenBucket({ capacity, periodMs, clock });
  return async (sleep) => {
    const { waitMs } = bucket.take(1, Number.POSITIVE_INFINITY);
    if (waitMs > 0) await sleep(waitMs);
  };
}
