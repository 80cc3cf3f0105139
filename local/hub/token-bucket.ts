import type { HubClock } from "./clock.ts";

/** What became of a wish for tokens. */
export interface Taking {
  readonly isTaken: boolean;
  /** When taken: milliseconds until the tokens are there; otherwise until asking again makes sense. */
  readonly waitMs: number;
}

/** A budget that refills steadily. */
export interface TokenBucket {
  /**
   * Take so many tokens (default one): those that are there, or, within `maxWaitMs` (default none), those that the
   * refill will bring. Whoever asks for more than the bucket holds is given a full bucket, not refused for ever.
   */
  readonly take: (amount?: number, maxWaitMs?: number) => Taking;
}

/** A full bucket that gets `capacity` tokens in `periodMs` of the clock, and holds `burst` (default: `capacity`). */
export function createTokenBucket(options: {
  readonly capacity: number;
  readonly periodMs: number;
  readonly burst?: number;
  readonly clock: HubClock;
}): TokenBucket {
  const { capacity, periodMs, clock, burst = capacity } = options;
  // In token-milliseconds, so that whole milliseconds add up to whole tokens without rounding.
  const full = burst * periodMs;
  let credit = full;
  let countedAt = clock.now();
  return {
    take: (amount = 1, maxWaitMs = 0) => {
      const now = clock.now();
      // A clock set back refills nothing and takes nothing away.
      credit = Math.min(full, credit + Math.max(0, now - countedAt) * capacity);
      countedAt = now;
      // Below zero stands what was promised to those who wait.
      const left = credit - Math.min(full, amount * periodMs);
      const waitMs = left < 0 ? Math.ceil(-left / capacity) : 0;
      if (waitMs > maxWaitMs) return { isTaken: false, waitMs: waitMs - maxWaitMs };
      credit = left;
      return { isTaken: true, waitMs };
    },
  };
}
