/** A rate limit as IoT Hub states it: so many calls at once, refilled evenly. */
export interface TokenBucket {
  readonly capacity: number;
  readonly perMs: number;
  readonly tokens: number;
  /** Epoch ms the tokens were counted at. */
  readonly at: number;
}

/** A full bucket of `calls` a minute. */
export function fullBucket(callsPerMinute: number, at: number): TokenBucket {
  return { capacity: callsPerMinute, perMs: callsPerMinute / 60_000, tokens: callsPerMinute, at };
}

/** A full bucket of `calls` a second, for limits that are counted by the second: no more than one second's at once. */
export function fullBucketPerSecond(callsPerSecond: number, at: number): TokenBucket {
  const capacity = Math.max(1, callsPerSecond);
  return { capacity, perMs: callsPerSecond / 1_000, tokens: capacity, at };
}

/** Take one call out: the bucket after it, and how long to wait before sending. A clock that jumps back refills nothing. */
export function takeToken(
  bucket: TokenBucket,
  now: number,
): { readonly bucket: TokenBucket; readonly waitMs: number } {
  const elapsed = Math.max(0, now - bucket.at);
  const tokens = Math.min(bucket.capacity, bucket.tokens + elapsed * bucket.perMs) - 1;
  const waitMs = tokens >= 0 ? 0 : -tokens / bucket.perMs;
  return { bucket: { ...bucket, tokens, at: Math.max(now, bucket.at) }, waitMs };
}
