import { WavegateError } from "../model/problem.ts";
import { drainBucket, fullBucket, takeToken } from "../model/token-bucket.ts";
import type { ClockPort } from "../reconcile/ports.ts";

/** Keeps one class of calls below its limit, on the clock that the hub's limits live by. */
export interface Pace {
  /** The class of calls. */
  readonly name: string;
  /** Resolves when it is one's turn to send; at once for what is urgent. INTERRUPTED when the signal aborts. */
  readonly turn: (options: { readonly urgent: boolean; readonly signal: AbortSignal }) => Promise<void>;
  /** The hub refused a call of this class: the next ones wait longer. */
  readonly refused: (retryAfterMs: number | undefined) => void;
}

/** A pace of `callsPerMinute`, of which the last `reserve` are kept for what is urgent. */
export function hubPace(
  clock: ClockPort,
  {
    name,
    callsPerMinute,
    reserve,
  }: { readonly name: string; readonly callsPerMinute: number; readonly reserve: number },
): Pace {
  let bucket = fullBucket(callsPerMinute, clock.now(), reserve);
  return {
    name,
    turn: async ({ urgent, signal }) => {
      throwIfInterrupted(signal);
      const taken = takeToken(bucket, clock.now(), { urgent });
      bucket = taken.bucket;
      if (taken.waitMs > 0) await interruptibleSleep(clock, taken.waitMs, signal);
    },
    refused: (retryAfterMs) => {
      bucket = drainBucket(bucket, clock.now(), retryAfterMs);
    },
  };
}

/** Wait on the rollout's clock; INTERRUPTED as soon as the signal aborts. */
export async function interruptibleSleep(clock: ClockPort, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  }
  throwIfInterrupted(signal);
}

/** Nothing is begun for somebody who does not wait for it any more. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new WavegateError("INTERRUPTED", "interrupted while waiting for the hub", {
    hint: "run the command again: it looks anew and goes on where the rollout stands",
    cause: signal.reason,
  });
}
