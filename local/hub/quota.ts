import type { HubClock } from "./clock.ts";
import { meteredMessages } from "./meter.ts";
import { ServiceError } from "./service-error.ts";
import type { TierLimits } from "./tier.ts";

const DAY_MS = 86_400_000;

/** How much of the day's messages is used. */
export interface QuotaReport {
  readonly used: number;
  readonly limit: number;
  /** Bytes that count as one message. */
  readonly meterBytes: number;
  /** The next 00:00 UTC of the hub's clock, in milliseconds since the epoch. */
  readonly resetsAt: number;
}

/** The daily message quota of a hub. FIDELITY: it keeps nobody from connecting, and configurations go on. */
export interface DailyQuota {
  /** Refuse with 403 IotHubQuotaExceeded once everything is used up. */
  readonly check: () => void;
  /** Count what was done, in chunks of the meter; the last operation of a day may go over the limit [G]. */
  readonly charge: (bytes: number) => void;
  readonly read: () => QuotaReport;
}

/** A quota that starts unused; "off" counts all the same and never refuses. */
export function createDailyQuota(options: {
  readonly clock: Pick<HubClock, "now">;
  readonly limits: Pick<TierLimits, "dailyMessages" | "meterBytes">;
  readonly mode: "off" | "on";
}): DailyQuota {
  const { clock, mode } = options;
  const { dailyMessages: limit, meterBytes } = options.limits;
  let day = dayOf(clock.now());
  let used = 0;
  const turn = (): void => {
    const today = dayOf(clock.now());
    // A clock set back gives nothing again.
    if (today <= day) return;
    day = today;
    used = 0;
  };
  return {
    check: () => {
      turn();
      if (mode === "off" || used < limit) return;
      // The SDK calls this TooManyDevicesError [facts 4.2]; the text is ours [G].
      throw new ServiceError(403, "IotHubQuotaExceeded", {
        message: `Total number of messages on IotHub exceeded the allocated quota. Max allowed message count : ${limit}, current message count : ${used}`,
      });
    },
    charge: (bytes) => {
      turn();
      used += meteredMessages(bytes, meterBytes);
    },
    read: () => {
      turn();
      return { used, limit, meterBytes, resetsAt: (day + 1) * DAY_MS };
    },
  };
}

function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}
