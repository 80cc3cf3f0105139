import { setTimeout as delay } from "node:timers/promises";

/** Time as a device sees it; a simulated fleet passes a faster one in. */
export interface DeviceClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Wait that many of this clock's milliseconds; rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longest time of a Node timer; one that is given more fires at once [Node: timers, setTimeout]. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: DeviceClock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; ; left -= LONGEST_TIMER_MS) {
      await delay(Math.min(left, LONGEST_TIMER_MS), undefined, signal === undefined ? {} : { signal });
      if (left <= LONGEST_TIMER_MS) return;
    }
  },
};
