/** The tiers of IoT Hub that the local hub knows the limits of. */
export type Tier = "F1" | "S1" | "S2" | "S3";

/** Classes of operations that have a throttle of their own. */
export type ThrottledClass =
  | "registry"
  | "configurations"
  | "queries"
  | "twinReads"
  | "twinWrites"
  | "directMethods"
  | "jobs"
  | "jobDeviceOperations"
  | "connections"
  | "deviceToCloud"
  | "cloudToDevice";

/** So much in each period: operations, or kilobytes where the meter is one of size. */
export interface Rate {
  readonly operations: number;
  readonly unit: "operations" | "KB";
  readonly periodMs: number;
}

/** How much a hub of a tier may hold and do. */
export interface TierLimits {
  readonly maxDevices: number;
  readonly maxConfigurations: number;
  /** Jobs that may run at once. */
  readonly maxConcurrentJobs: number;
  /** Messages of all kinds from 00:00 UTC to 00:00 UTC. */
  readonly dailyMessages: number;
  /** Bytes that count as one message. */
  readonly meterBytes: number;
  readonly rates: Readonly<Record<ThrottledClass, Rate>>;
}

/** A limit that grows with the units, from a least amount for the whole hub on. */
interface Allowance {
  readonly perUnit: number;
  readonly atLeast?: number;
}

interface ThrottleRow {
  readonly periodMs: number;
  readonly unit?: "KB";
  readonly byTier: Readonly<Record<Tier, Allowance>>;
}

const SECOND = 1000;
const MINUTE = 60_000;

/** The documented throttles, row by row [facts 1.9, D]. */
const THROTTLES: Readonly<Record<ThrottledClass, ThrottleRow>> = {
  registry: { periodMs: MINUTE, byTier: rows({ perUnit: 100 }, { perUnit: 100 }, { perUnit: 5000 }) },
  configurations: { periodMs: MINUTE, byTier: rows({ perUnit: 20 }, { perUnit: 20 }, { perUnit: 20 }) },
  queries: { periodMs: MINUTE, byTier: rows({ perUnit: 20 }, { perUnit: 20 }, { perUnit: 1000 }) },
  twinReads: {
    periodMs: SECOND,
    byTier: rows({ perUnit: 0, atLeast: 100 }, { perUnit: 10, atLeast: 100 }, { perUnit: 500 }),
  },
  twinWrites: {
    periodMs: SECOND,
    byTier: rows({ perUnit: 0, atLeast: 50 }, { perUnit: 5, atLeast: 50 }, { perUnit: 250 }),
  },
  // In 4 KB meters, see meter.ts.
  directMethods: {
    periodMs: SECOND,
    unit: "KB",
    byTier: rows({ perUnit: 160 }, { perUnit: 480 }, { perUnit: 24 * 1024 }),
  },
  jobs: { periodMs: MINUTE, byTier: rows({ perUnit: 100 }, { perUnit: 100 }, { perUnit: 5000 }) },
  jobDeviceOperations: {
    periodMs: SECOND,
    byTier: rows({ perUnit: 0, atLeast: 10 }, { perUnit: 1, atLeast: 10 }, { perUnit: 50 }),
  },
  connections: {
    periodMs: SECOND,
    byTier: rows({ perUnit: 12, atLeast: 100 }, { perUnit: 120 }, { perUnit: 6000 }),
  },
  deviceToCloud: {
    periodMs: SECOND,
    byTier: rows({ perUnit: 12, atLeast: 100 }, { perUnit: 120 }, { perUnit: 6000 }),
  },
  cloudToDevice: { periodMs: MINUTE, byTier: rows({ perUnit: 100 }, { perUnit: 100 }, { perUnit: 5000 }) },
};

/** Most units of one hub [facts 1.9: unverified]. */
const MOST_UNITS = { F1: 1, S1: 200, S2: 200, S3: 10 } as const;
const CONCURRENT_JOBS = { F1: 1, S1: 1, S2: 5, S3: 10 } as const;
const DAILY_MESSAGES_PER_UNIT = { F1: 8000, S1: 400_000, S2: 6_000_000, S3: 300_000_000 } as const;

/** The limits of a hub of `units` units of a tier [facts 1.9]. */
export function tierLimits(
  tier: Tier,
  units: number,
  { freeConfigurations = 10 }: { readonly freeConfigurations?: 10 | 20 } = {},
): TierLimits {
  const most = MOST_UNITS[tier];
  if (!Number.isInteger(units) || units < 1 || units > most) {
    throw new RangeError(`startHub: units is ${units}, a hub of tier ${tier} has 1 to ${most}`);
  }
  const rate = (operations: ThrottledClass): Rate => {
    const { byTier, unit = "operations", periodMs } = THROTTLES[operations];
    const { perUnit, atLeast = 0 } = byTier[tier];
    return { operations: Math.max(atLeast, perUnit * units), unit, periodMs };
  };
  return {
    // 500 on the free tier [facts 1.9, G].
    maxDevices: tier === "F1" ? 500 : 1_000_000,
    // 10 in newer text, 20 in older [facts 9, G].
    maxConfigurations: tier === "F1" ? freeConfigurations : 100,
    maxConcurrentJobs: CONCURRENT_JOBS[tier],
    dailyMessages: DAILY_MESSAGES_PER_UNIT[tier] * units,
    meterBytes: tier === "F1" ? 512 : 4096,
    rates: {
      registry: rate("registry"),
      configurations: rate("configurations"),
      queries: rate("queries"),
      twinReads: rate("twinReads"),
      twinWrites: rate("twinWrites"),
      directMethods: rate("directMethods"),
      jobs: rate("jobs"),
      jobDeviceOperations: rate("jobDeviceOperations"),
      connections: rate("connections"),
      deviceToCloud: rate("deviceToCloud"),
      cloudToDevice: rate("cloudToDevice"),
    },
  };
}

/** The free tier has the throttles of S1, as in the documents' table. */
function rows(F1andS1: Allowance, S2: Allowance, S3: Allowance): Readonly<Record<Tier, Allowance>> {
  return { F1: F1andS1, S1: F1andS1, S2, S3 };
}
