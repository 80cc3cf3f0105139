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
  // In token-milliseconds, so that whole milliseconds add up to whole tokens without rounding.
  const full = capacity * periodMs;
  let credit = full;
  let countedAt = clock.now();
  return {
    take: () => {
      const now = clock.now();
      // A clock set back refills nothing and takes nothing away.
      credit = Math.min(full, credit + Math.max(0, now - countedAt) * capacity);
      countedAt = now;
      if (credit < periodMs) return { isTaken: false, waitMs: Math.ceil((periodMs - credit) / capacity) };
      credit -= periodMs;
      return { isTaken: true, waitMs: 0 };
    },
  };
}
