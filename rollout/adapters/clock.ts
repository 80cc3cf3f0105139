import { setTimeout as wait } from "node:timers/promises";
import type { ClockPort } from "../reconcile/ports.ts";

/** A clock that runs faster than the wall's, for rollouts on a local hub: three numbers, so that every process agrees. */
export interface ClockScale {
  /** Virtual ms in one real ms. */
  readonly scale: number;
  /** Real and virtual epoch ms of one and the same moment. */
  readonly realStartMs: number;
  readonly virtualStartMs: number;
}

/** Longest delay a Node timer takes; a greater one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const REAL_TIME: ClockScale = { scale: 1, realStartMs: 0, virtualStartMs: 0 };

/** The clock a rollout lives by. */
export function systemClock({ scale, realStartMs, virtualStartMs }: ClockScale = REAL_TIME): ClockPort {
  const now = (): number => virtualStartMs + (Date.now() - realStartMs) * scale;
  return {
    now,
    monotonic: () => performance.now(),
    sleep: async (ms, signal) => {
      // A timer may fire a millisecond early, which is seconds of a scaled clock: the deadline decides.
      const deadline = now() + ms;
      while (now() < deadline) {
        const realMs = Math.min(Math.ceil((deadline - now()) / scale), LONGEST_TIMER_MS);
        await wait(realMs, undefined, signal === undefined ? {} : { signal });
      }
    },
  };
}
