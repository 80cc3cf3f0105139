import { WavegateError, type Code } from "../model/problem.ts";
import { takeToken, type TokenBucket } from "../model/token-bucket.ts";
import type { ClockPort } from "./ports.ts";

/** Trouble that passes by itself. */
const PASSING: readonly Code[] = ["HUB_THROTTLED", "HUB_FAILED", "HUB_UNREACHABLE"];
/** Tries of one thing, the first included. */
const ATTEMPTS = 8;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** Wait for one's turn; rejects when the run is interrupted. */
export type Turn = () => Promise<void>;

/** Turns at a bucket's rate, on the clock that the hub's limits live by. */
export function turns(first: TokenBucket, clock: ClockPort, signal: AbortSignal): Turn {
  let bucket = first;
  return async () => {
    signal.throwIfAborted();
    const taken = takeToken(bucket, clock.now());
    bucket = taken.bucket;
    if (taken.waitMs > 0) await clock.sleep(taken.waitMs, signal);
  };
}

/**
 * Do something that may be done twice, again and again while its trouble is of the passing kind, each time after a longer
 * wait, and never before the hub asks for it. The clock is a port, which is why this is not cockatiel.
 */
export async function patiently<T>(
  run: () => Promise<T>,
  {
    clock,
    signal,
    onWait,
  }: {
    readonly clock: ClockPort;
    readonly signal: AbortSignal;
    readonly onWait?: (error: WavegateError) => void;
  },
): Promise<T> {
  let wait = FIRST_WAIT_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const passes = error instanceof WavegateError && PASSING.includes(error.code);
      if (!passes || attempt === ATTEMPTS) throw error;
      onWait?.(error);
      await clock.sleep(Math.max(wait, error.retryAfterMs ?? 0), signal);
      wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    }
  }
}
