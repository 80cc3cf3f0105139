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

const REAL_TIME: ClockScale = { scale: 1, realStartMs: 0, virtualStartMs: 0 };

/** The clock a rollout lives by. */
export function systemClock({ scale, realStartMs, virtualStartMs }: ClockScale = REAL_TIME): ClockPort {
  return {
    now: () => virtualStartMs + (Date.now() - realStartMs) * scale,
    monotonic: () => performance.now(),
    sleep: async (ms, signal) => {
      await wait(ms / scale, undefined, signal === undefined ? {} : { signal });
    },
  };
}
