/** The tiers of IoT Hub that the local hub knows the limits of. */
export type Tier = "F1" | "S1" | "S2" | "S3";

/** Classes of operations that have a throttle of their own. */
export type ThrottledClass = "registry" | "configurations" | "queries" | "twinReads" | "twinWrites";

/** So many operations in each period. */
export interface Rate {
  readonly operations: number;
  readonly periodMs: number;
}

/** How much a hub of a tier may hold and do. */
export interface TierLimits {
  readonly maxDevices: number;
  readonly maxConfigurations: number;
  readonly rates: Readonly<Record<ThrottledClass, Rate>>;
}

/** The limits of a hub of `units` units of a tier [facts 1.9]. */
export function tierLimits(tier: Tier, units: number): TierLimits {
  const most = { F1: 1, S1: 200, S2: 200, S3: 10 }[tier];
  if (!Number.isInteger(units) || units < 1 || units > most) {
    throw new RangeError(`startHub: units is ${units}, a hub of tier ${tier} has 1 to ${most}`);
  }
  const isLarge = tier === "S3";
  return {
    maxDevices: tier === "F1" ? 500 : 1_000_000,
    maxConfigurations: tier === "F1" ? 10 : 100,
    rates: {
      registry: perMinute((isLarge ? 5000 : 100) * units),
      configurations: perMinute(20 * units),
      queries: perMinute((isLarge ? 1000 : 20) * units),
      twinReads: perSecond({ F1: 100, S1: 100, S2: Math.max(100, 10 * units), S3: 500 * units }[tier]),
      twinWrites: perSecond({ F1: 50, S1: 50, S2: Math.max(50, 5 * units), S3: 250 * units }[tier]),
    },
  };
}

function perMinute(operations: number): Rate {
  return { operations, periodMs: 60_000 };
}

function perSecond(operations: number): Rate {
  return { operations, periodMs: 1000 };
}
