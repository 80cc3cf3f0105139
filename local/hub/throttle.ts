import type { HubClock } from "./clock.ts";
import { ServiceError } from "./service-error.ts";
import type { ThrottledClass, TierLimits } from "./tier.ts";
import { createTokenBucket, type TokenBucket } from "./token-bucket.ts";

/**
 * How a hub keeps its limits: not at all, by shaping traffic first as Azure does, or by refusing at once.
 * FIDELITY: "strict" refuses earlier than Azure, so that whoever lives with it lives with Azure.
 */
export type ThrottleMode = "off" | "shape" | "strict";

/**
 * Spend operations of a class (default one; kilobytes where its rate is in KB): resolves when their turn has come,
 * rejects with 429. Turns of a class come in the order they were asked for.
 */
export type Throttle = (operations: ThrottledClass, amount?: number) => Promise<void>;

/** Shaping: so much above the limit is taken before anybody waits; "the first minute or two" [facts 1.9, G]. */
export const SHAPE_BURST_MS = 60_000;
/** Shaping: whoever would wait longer than this finds the queue full [facts 1.9: its size is not documented, G]. */
export const SHAPE_MAX_WAIT_MS = 30_000;
/** Shaping: most operations of a class that may wait, whatever the rate: they are held in memory [G]. */
export const SHAPE_MAX_QUEUED = 10_000;

/** The throttles of a hub, one bucket a class, shared by the service API and the devices. */
export function createThrottle(options: {
  readonly clock: HubClock;
  /** Waits on the hub's clock; rejects when the hub closes. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly limits: TierLimits;
  readonly mode: ThrottleMode;
  readonly onRefusal?: (operations: ThrottledClass) => void;
}): Throttle {
  const { clock, limits, mode } = options;
  if (mode === "off") return () => Promise.resolve();
  const lines = new Map<ThrottledClass, { readonly bucket: TokenBucket; waiting: number }>();
  const lineOf = (operations: ThrottledClass): { readonly bucket: TokenBucket; waiting: number } => {
    const known = lines.get(operations);
    if (known !== undefined) return known;
    const { operations: capacity, periodMs } = limits.rates[operations];
    const burst = mode === "strict" ? capacity : capacity * Math.max(1, SHAPE_BURST_MS / periodMs);
    const line = { bucket: createTokenBucket({ capacity, periodMs, burst, clock }), waiting: 0 };
    lines.set(operations, line);
    return line;
  };
  return async (operations, amount = 1) => {
    const line = lineOf(operations);
    const maxWaitMs = mode === "strict" || line.waiting >= SHAPE_MAX_QUEUED ? 0 : SHAPE_MAX_WAIT_MS;
    const { isTaken, waitMs } = line.bucket.take(amount, maxWaitMs);
    if (!isTaken) {
      options.onRefusal?.(operations);
      throw refusal({ operations, limits, mode, waitMs });
    }
    if (waitMs === 0) return;
    line.waiting += 1;
    try {
      await options.sleep(waitMs);
    } finally {
      line.waiting -= 1;
    }
  };
}

function refusal(refused: {
  readonly operations: ThrottledClass;
  readonly limits: TierLimits;
  readonly mode: "shape" | "strict";
  readonly waitMs: number;
}): ServiceError {
  const { operations, limits, mode, waitMs } = refused;
  const { operations: limit, unit, periodMs } = limits.rates[operations];
  const most = `the limit is ${limit}${unit === "KB" ? " KB" : ""} in ${periodMs / 1000} s`;
  const queue = mode === "shape" ? ", the queue is full" : "";
  return new ServiceError(429, mode === "shape" ? "ThrottleBacklogLimitExceeded" : "ThrottlingException", {
    message: `Too many ${operations}: ${most}${queue}, ask again in ${waitMs} ms`,
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
