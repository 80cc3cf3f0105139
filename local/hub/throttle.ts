import type { HubClock } from "./clock.ts";
import { ServiceError } from "./service-error.ts";
import type { ThrottledClass, TierLimits } from "./tier.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/** Spend one operation of a class, or throw 429 ThrottlingException. */
export type Throttle = (operations: ThrottledClass) => void;

/**
 * The throttles of a hub, one bucket a class that holds one period's worth and is shared by the service API and the
 * devices. FIDELITY: Azure shapes first (a burst is taken, then queued) and refuses later; this refuses at once.
 */
export function createThrottle(options: {
  readonly clock: HubClock;
  readonly limits: TierLimits;
  readonly mode: "off" | "strict";
}): Throttle {
  const { clock, limits, mode } = options;
  if (mode === "off") return () => undefined;
  const bucket = (operations: ThrottledClass): TokenBucket => {
    const { operations: capacity, periodMs } = limits.rates[operations];
    return createTokenBucket({ capacity, periodMs, clock });
  };
  const buckets: Readonly<Record<ThrottledClass, TokenBucket>> = {
    registry: bucket("registry"),
    configurations: bucket("configurations"),
    queries: bucket("queries"),
    twinReads: bucket("twinReads"),
    twinWrites: bucket("twinWrites"),
  };
  return (operations) => {
    const { isTaken, waitMs } = buckets[operations].take();
    if (isTaken) return;
    const { operations: limit, periodMs } = limits.rates[operations];
    throw new ServiceError(429, "ThrottlingException", {
      message: `Too many ${operations}: the limit is ${limit} in ${periodMs / 1000} s, ask again in ${waitMs} ms`,
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  };
}
