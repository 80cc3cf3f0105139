/** Tiers of IoT Hub that wavegate knows the limits of. */
export type HubTier = "F1" | "S1" | "S2" | "S3";

/** What a hub takes of the calls that `enroll` makes [IoT Hub: quotas and throttling]. */
export interface HubLimits {
  /** Twin updates a second, the devices' own included. */
  readonly twinWritesPerSecond: number;
  /** Pages of twin queries a minute. */
  readonly queriesPerMinute: number;
  /** Messages from midnight to midnight UTC; what is used up stops telemetry and rollback too. */
  readonly dailyMessages: number;
  /** Bytes that count as one message. */
  readonly meterBytes: number;
}

const DAILY_MESSAGES_A_UNIT = { F1: 8_000, S1: 400_000, S2: 6_000_000, S3: 300_000_000 } as const;

/** The documented limits of a hub of `units` units. */
export function hubLimits(tier: HubTier, units: number): HubLimits {
  const perTier = {
    F1: { writes: 50, queries: 20 },
    S1: { writes: 50, queries: 20 },
    S2: { writes: Math.max(50, 5 * units), queries: 20 },
    S3: { writes: 250 * units, queries: 1_000 },
  } as const satisfies Record<HubTier, { readonly writes: number; readonly queries: number }>;
  return {
    twinWritesPerSecond: perTier[tier].writes,
    queriesPerMinute: perTier[tier].queries * units,
    dailyMessages: DAILY_MESSAGES_A_UNIT[tier] * units,
    meterBytes: tier === "F1" ? 512 : 4_096,
  };
}
