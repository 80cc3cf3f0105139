import { setTimeout as delay } from "node:timers/promises";

/** Time as a device sees it; a simulated fleet passes a faster one in. */
export interface DeviceClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Wait that many of this clock's milliseconds; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: DeviceClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
