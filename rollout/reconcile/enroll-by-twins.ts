import { bucketOf } from "../model/bucket.ts";
import { WavegateError } from "../model/problem.ts";
import { fullBucket, fullBucketPerSecond } from "../model/token-bucket.ts";
import { stampNeed } from "../model/twin-contract.ts";
import { missingBucketCondition } from "../plan/enrollment.ts";
import { refusals, waiting, type EnrollmentResult, type OnProgress } from "./enrollment-result.ts";
import { patiently, turns, type Turn } from "./patience.ts";
import type { ClockPort, DeviceTwinsPort, TwinTags } from "./ports.ts";

/** What a run by twin patches works with. */
export interface EnrollmentRun {
  readonly product: string;
  readonly twins: DeviceTwinsPort;
  readonly clock: ClockPort;
  readonly writesPerSecond: number;
  readonly pagesPerMinute: number;
  /** Devices to stamp at most. */
  readonly most: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
}

/** Times a device may change under our hands before it is left to the next run. */
const CONFLICTS = 5;
/** Longest answer, in seconds, that is still at full rate. */
const ANSWER_SECONDS = 0.3;

/**
 * Give the devices of a product that have no bucket theirs, one conditional patch each. First all are listed, then they
 * are written: what a page shows must not depend on what was written since the page before. Whatever ends the run, the
 * next one goes on where it stopped, since a device with a bucket is not listed.
 */
export async function enrollByTwins(run: EnrollmentRun): Promise<EnrollmentResult> {
  const { clock, signal, onProgress } = run;
  const tally = { stamped: 0, changedMeanwhile: 0 };
  const { refuse, soFar } = refusals();
  const result = (left: number): EnrollmentResult => ({
    ...tally,
    ...soFar(),
    left,
    interrupted: signal.aborted,
  });
  let found: readonly TwinTags[];
  try {
    found = await listUnstamped(run);
  } catch (error) {
    if (signal.aborted) return result(0);
    throw error;
  }
  let done = 0;
  const writeTurn = turns(fullBucketPerSecond(run.writesPerSecond, clock.now()), clock, signal);
  const queue = found.values();
  const failed = new AbortController();
  const work = async (): Promise<void> => {
    // One iterator for all workers: each takes the next device.
    for (const twin of queue) {
      if (signal.aborted || failed.signal.aborted) return;
      const outcome = await stampOne(twin, run, writeTurn);
      if (outcome.kind === "refused") refuse(twin.deviceId, outcome.why);
      else tally[outcome.kind] += 1;
      done += 1;
      onProgress?.({ kind: "done", done, of: found.length });
    }
  };
  const workers = Math.min(Math.max(1, Math.ceil(run.writesPerSecond * ANSWER_SECONDS)), 64);
  const ends = await Promise.allSettled(
    Array.from({ length: workers }, () =>
      work().catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    ),
  );
  const trouble = ends.find((end) => end.status === "rejected");
  // An interrupt rejects whoever is waiting for a turn.
  if (trouble === undefined || signal.aborted) return result(found.length - done);
  throw withProgress(trouble.reason, done, found.length);
}

async function listUnstamped(run: EnrollmentRun): Promise<readonly TwinTags[]> {
  const { product, twins, clock, signal, most, onProgress } = run;
  const turn = turns(fullBucket(run.pagesPerMinute, clock.now()), clock, signal);
  // By id: a page may show again what an earlier one has shown.
  const found = new Map<string, TwinTags>();
  let next: string | undefined;
  do {
    const page = await patiently(
      async () => {
        await turn();
        return twins.page(missingBucketCondition(product), next);
      },
      { clock, signal, onWait: waiting(onProgress) },
    );
    for (const twin of page.twins) if (found.size < most) found.set(twin.deviceId, twin);
    onProgress?.({ kind: "listed", devices: found.size });
    next = page.next;
  } while (next !== undefined && found.size < most);
  return [...found.values()];
}

type Outcome =
  { readonly kind: "stamped" | "changedMeanwhile" } | { readonly kind: "refused"; readonly why: string };

async function stampOne(listed: TwinTags, run: EnrollmentRun, turn: Turn): Promise<Outcome> {
  const { product, twins, clock, signal, onProgress } = run;
  const { deviceId } = listed;
  const bucket = bucketOf(deviceId);
  const patience = { clock, signal, onWait: waiting(onProgress) };
  let twin = listed;
  try {
    for (let conflicts = 0; conflicts < CONFLICTS; conflicts++) {
      if (conflicts > 0 || twin.etag === undefined)
        twin = await patiently(() => twins.read(deviceId), patience);
      const need = stampNeed(twin.tags, product);
      // Ours, and not by this answer: it took effect, and the answer was lost.
      if (need.kind === "stamped" && need.bucket === bucket) return { kind: "stamped" };
      if (need.kind === "malformed") return { kind: "refused", why: need.why };
      if (need.kind !== "needed") return { kind: "changedMeanwhile" };
      const { etag } = twin;
      if (etag === undefined) return { kind: "refused", why: "its twin has no etag" };
      if (await isWritten(() => twins.stamp({ deviceId, etag, bucket }), patience, turn))
        return { kind: "stamped" };
    }
    return { kind: "changedMeanwhile" };
  } catch (error) {
    if (!(error instanceof WavegateError)) throw error;
    if (error.code === "HUB_NOT_FOUND") return { kind: "changedMeanwhile" };
    if (error.code === "HUB_REJECTED") return { kind: "refused", why: error.message };
    throw error;
  }
}

/** False when the twin is no longer as it was read. */
async function isWritten(
  write: () => Promise<void>,
  patience: Parameters<typeof patiently>[1],
  turn: Turn,
): Promise<boolean> {
  try {
    await patiently(async () => {
      await turn();
      await write();
    }, patience);
    return true;
  } catch (error) {
    if (error instanceof WavegateError && error.code === "HUB_CONFLICT") return false;
    throw error;
  }
}

function withProgress(error: unknown, done: number, of: number): unknown {
  if (!(error instanceof WavegateError)) return error;
  return new WavegateError(error.code, `${error.message}; ${done} of ${of} devices were done before`, {
    hint: `${error.hint}; it goes on where it stopped`,
    cause: error,
  });
}
