import { setTimeout as delay } from "node:timers/promises";

/** Time as the hub sees it: everything but token expiry runs on it, so a test or a demo can drive it. */
export interface HubClock {
  /** The present instant, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves `ms` milliseconds of this clock later; the signal ends the wait early. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The clock of the machine. */
export const realClock: HubClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
};
