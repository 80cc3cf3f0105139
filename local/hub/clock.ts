import { setTimeout as delay } from "node:timers/promises";

/** Time as the hub sees it: everything but token expiry runs on it, so a test or a demo can drive it. */
export interface HubClock {
  /** The present instant, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves `ms` milliseconds of this clock later; the signal ends the wait early, by rejecting. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Longest delay a Node timer takes; a greater one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const realClock: HubClock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    const options = signal === undefined ? {} : { signal };
    let left = ms;
    for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS)
      await delay(LONGEST_TIMER_MS, undefined, options);
    await delay(left, undefined, options);
  },
};
