import { ConstantBackoff, ExponentialBackoff, handleWhen, retry } from "cockatiel";
import { WavegateError, type Code } from "../model/problem.ts";
import type { ClockPort } from "../reconcile/ports.ts";
import { interruptibleSleep } from "./hub-pace.ts";

/** Tries of one call, the first included. */
const ATTEMPTS = 5;
/** No try begins later than this after the first was sent; beyond it the next look is the better retry. */
const DEADLINE_MS = 120_000;
const BACKOFF = { initialDelay: 250, maxDelay: 30_000 } as const;

/** A read may be sent again whatever became of it: what failed is the weather, not the request. */
export const AGAIN_FOR_READS: readonly Code[] = ["HUB_THROTTLED", "HUB_FAILED", "HUB_UNREACHABLE"];
/** A write only if it surely had no effect: the hub refused it before it looked at it. */
export const AGAIN_FOR_URGENT_WRITES: readonly Code[] = ["HUB_THROTTLED"];

/**
 * Try a call again after failures of these codes: with decorrelated jitter, so that controllers that were refused together
 * do not come back together, and never before the hub asked for (`Retry-After`).
 */
export async function retryCall<T>(
  run: (onSend: () => void) => Promise<T>,
  {
    again,
    clock,
    signal,
  }: {
    readonly again: readonly Code[];
    readonly clock: ClockPort;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  let firstSentAt: number | undefined;
  let waitMs = 0;
  // The generator of ExponentialBackoff is decorrelated jitter; its first state is no delay yet.
  let backoff = new ExponentialBackoff(BACKOFF).next();
  const isWorthIt = (error: unknown): boolean => {
    if (!(error instanceof WavegateError) || !again.includes(error.code)) return false;
    backoff = backoff.next(undefined);
    waitMs = Math.max(backoff.duration, error.retryAfterMs ?? 0);
    return clock.monotonic() + waitMs <= (firstSentAt ?? clock.monotonic()) + DEADLINE_MS;
  };
  // The policy counts and classifies; its own timers know neither the rollout's clock nor an interruption, so it has none.
  const policy = retry(handleWhen(isWorthIt), {
    maxAttempts: ATTEMPTS - 1,
    backoff: new ConstantBackoff(0),
  });
  return policy.execute(async ({ attempt }) => {
    if (attempt > 0) await interruptibleSleep(clock, waitMs, signal);
    return run(() => {
      firstSentAt ??= clock.monotonic();
    });
  });
}
