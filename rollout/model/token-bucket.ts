/** A rate limit as IoT Hub states it: so many calls at once, refilled evenly. */
export interface TokenBucket {
  /** Most calls at once. */
  readonly capacity: number;
  /** Calls that come back each millisecond. */
  readonly perMs: number;
  /** Calls that may be sent now; below zero stands what was promised to those who wait. */
  readonly tokens: number;
  /** Calls kept back for what is urgent; default 0. */
  readonly reserve: number;
  /** Epoch ms the tokens were counted at. */
  readonly at: number;
}

/** A full bucket of so many calls a minute, at an instant (epoch ms); `reserve` is kept back for what is urgent. */
export function fullBucket(callsPerMinute: number, at: number, reserve = 0): TokenBucket {
  return { capacity: callsPerMinute, perMs: callsPerMinute / 60_000, tokens: callsPerMinute, reserve, at };
}

/** A full bucket of so many calls a second, for limits that are counted by the second: no more than one second's at once. */
export function fullBucketPerSecond(callsPerSecond: number, at: number): TokenBucket {
  const capacity = Math.max(1, callsPerSecond);
  return { capacity, perMs: callsPerSecond / 1_000, tokens: capacity, reserve: 0, at };
}

/**
 * Take one call out: the bucket after it, and how long to wait before sending. What is urgent never waits: it takes from
 * the reserve and, beyond that, from those who come after it. A clock that jumps back refills nothing.
 */
export function takeToken(
  bucket: TokenBucket,
  now: number,
  { urgent = false }: { readonly urgent?: boolean } = {},
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const filled = refilled(bucket, now);
  const tokens = filled.tokens - 1;
  const missing = urgent ? 0 : Math.max(0, filled.reserve - tokens);
  return { bucket: { ...filled, tokens }, waitMs: Math.ceil(missing / filled.perMs) };
}

/**
 * The hub refused a call: others use it too, and it has less than was thought. Nothing is left, and there is one call
 * again after `retryAfterMs` (default: after the time that one call takes to come back).
 */
export function drainBucket(bucket: TokenBucket, now: number, retryAfterMs?: number): TokenBucket {
  const filled = refilled(bucket, now);
  const left = retryAfterMs === undefined ? 0 : 1 - retryAfterMs * filled.perMs;
  return { ...filled, tokens: Math.min(filled.tokens, left) };
}

function refilled(bucket: TokenBucket, now: number): TokenBucket {
  const elapsed = Math.max(0, now - bucket.at);
  const tokens = Math.min(bucket.capacity, bucket.tokens + elapsed * bucket.perMs);
  return { ...bucket, tokens, at: Math.max(now, bucket.at) };
}
