/** The tiers of IoT Hub that have twins and configurations. */
export type HubTier = "F1" | "S1" | "S2" | "S3";

/** How big a hub is. */
export interface HubSize {
  readonly tier: HubTier;
  /** Units of that tier, from 1. */
  readonly units: number;
}

/** What a hub of a tier takes: the published throttles and quotas that a rollout meets. */
export interface HubLimits {
  /** Configurations that can stand on it at a time, everybody's. */
  readonly configurations: number;
  /** Configurations created, updated, listed or deleted, a minute. */
  readonly configurationCallsPerMinute: number;
  /** Twin queries a minute, shared by all users of the hub. */
  readonly queriesPerMinute: number;
  /** Twins read, by devices and by services, a second. */
  readonly twinReadsPerSecond: number;
  /** Twins written, by devices and by services, a second. */
  readonly twinWritesPerSecond: number;
  /** Messages of all kinds from 00:00 UTC to 00:00 UTC. */
  readonly messagesPerDay: number;
  /** Bytes that count as one message. */
  readonly meterBytes: number;
}

/** Time between two evaluations of a hub's configurations, ms [IoT Hub: automatic device management]. */
export const EVALUATION_MS = 5 * 60_000;

/** The limits of a hub of `units` units of a tier, row by row of the published table [IoT Hub quotas and throttling]. */
export function hubLimits(tier: HubTier, units: number): HubLimits {
  return {
    // "Maximum number of automatic device configurations": 100, on the free tier 10.
    configurations: tier === "F1" ? 10 : 100,
    // "configurations & edge deployments create/update/list/delete": 20/min/unit in every tier.
    configurationCallsPerMinute: 20 * units,
    // "twin queries": 20/min/unit, S3 1,000/min/unit.
    queriesPerMinute: (tier === "S3" ? 1_000 : 20) * units,
    // "twin reads": F1 and S1 100/s whatever the units, S2 max(100/s, 10/s/unit), S3 500/s/unit.
    twinReadsPerSecond: { F1: 100, S1: 100, S2: Math.max(100, 10 * units), S3: 500 * units }[tier],
    // "twin updates (both sides)": F1 and S1 50/s whatever the units, S2 max(50/s, 5/s/unit), S3 250/s/unit.
    twinWritesPerSecond: { F1: 50, S1: 50, S2: Math.max(50, 5 * units), S3: 250 * units }[tier],
    // "daily messages per unit".
    messagesPerDay: { F1: 8_000, S1: 400_000, S2: 6_000_000, S3: 300_000_000 }[tier] * units,
    // "0.5 KB meter" on the free tier, 4 KB on the others.
    meterBytes: tier === "F1" ? 512 : 4_096,
  };
}
