import type { HubClock } from "./clock.ts";

/** A budget that refills steadily. */
export interface TokenBucket {
  /** Take one token; otherwise how many milliseconds until there is one. */
  readonly take: () => { readonly isTaken: boolean; readonly waitMs: number };
}

/** A full bucket of `capacity` tokens that refills in `periodMs` of the clock. */
export function createTokenBucket(options: {
  readonly capacity: number;
  readonly periodMs: number;
  readonly clock: HubClock;
}): TokenBucket {
  const { capacity, periodMs, clock } = options;
  const perMs = capacity / periodMs;
  let tokens = capacity;
  let countedAt = clock.now();
  return {
    take: () => {
      const now = clock.now();
      // A clock set back refills nothing and takes nothing away.
      tokens = Math.min(capacity, tokens + Math.max(0, now - countedAt) * perMs);
      countedAt = now;
      if (tokens < 1) return { isTaken: false, waitMs: Math.ceil((1 - tokens) / perMs) };
      tokens -= 1;
      return { isTaken: true, waitMs: 0 };
    },
  };
}
