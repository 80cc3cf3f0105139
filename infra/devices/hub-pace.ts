import { setTimeout as wait } from "node:timers/promises";
import type { HubTier } from "../hub-tier.ts";

/** Tier and units of a hub, which decide how fast it takes calls. */
export interface HubSize {
  readonly tier: HubTier;
  readonly units: number;
}

/** Classes of calls that a hub limits apart; a bulk call of so many devices counts as so many of the registry. */
export type PacedCalls = "registry" | "twinReads" | "twinWrites";

/** Waits until so many calls of a class may be sent. */
export type Pace = (calls: PacedCalls, count: number) => Promise<void>;

/** What time is told by. */
export interface PaceClock {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

const MINUTE = 60_000;
const SECOND = 1000;
/**
 * Shares of an allowance that are used: calls do not arrive as evenly as they are sent. A bulk call of a hundred needs
 * the whole of what S1 takes in a minute, so there the minute is longer.
 */
const REGISTRY_MINUTE = MINUTE * 1.02;
const TWIN_SHARE = 0.9;
const REAL_TIME: PaceClock = { now: () => performance.now(), sleep: (ms) => wait(ms) };

/** Keep below a hub's throttles: whoever is refused has been too fast, and took the rate from everybody else. */
export function paceOf(size: HubSize, clock: PaceClock = REAL_TIME): Pace {
  // When the hub's allowance would be full again, by class: a leaky bucket needs no more.
  const fullAt = new Map<PacedCalls, number>();
  return async (calls, count) => {
    const { operations, periodMs } = rateOf(calls, size);
    const now = clock.now();
    const next = Math.max(now, fullAt.get(calls) ?? now) + (count / operations) * periodMs;
    fullAt.set(calls, next);
    const waitMs = next - periodMs - now;
    if (waitMs > 0) await clock.sleep(Math.ceil(waitMs));
  };
}

/** What a hub takes in a period [IoT Hub quotas: other operation throttles]. */
function rateOf(
  calls: PacedCalls,
  { tier, units }: HubSize,
): { readonly operations: number; readonly periodMs: number } {
  switch (calls) {
    case "registry":
      return { operations: (tier === "S3" ? 5000 : 100) * units, periodMs: REGISTRY_MINUTE };
    case "twinReads":
      return { operations: perSecond({ tier, units, most: 500, some: 10, least: 100 }), periodMs: SECOND };
    case "twinWrites":
      return { operations: perSecond({ tier, units, most: 250, some: 5, least: 50 }), periodMs: SECOND };
  }
}

function perSecond({
  tier,
  units,
  most,
  some,
  least,
}: HubSize & { readonly most: number; readonly some: number; readonly least: number }): number {
  if (tier === "S3") return most * units * TWIN_SHARE;
  return (tier === "S2" ? Math.max(least, some * units) : least) * TWIN_SHARE;
}
