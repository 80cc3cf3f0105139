import { formatDuration } from "../model/duration.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { fleetTraffic, type FleetTrafficInput } from "./traffic.ts";

/** A wave on one hub: the devices are those it adds. */
export interface WaveSpeedInput extends FleetTrafficInput {
  /** Time a device has from contact to its end (the gate's `deadline`), in ms. */
  readonly deadlineMs: number;
  /** Most of a day's messages that a wave may take, as a fraction; default 0.3: the rest is for telemetry and a way back. */
  readonly quotaShare?: number | undefined;
}

/** How a wave is split so that each part keeps within the hub's limits; one part where it need not be. */
export interface SubWindows {
  readonly count: number;
  /** Least time from the opening of one to that of the next, in ms; 0 for one. */
  readonly apartMs: number;
}

/** [design §5, Fleet traffic] */
const QUOTA_SHARE = 0.3;
/** Part of the deadline that the throttle may eat: beyond it a healthy device looks silent because the hub is slow. */
const DEADLINE_PART = 1 / 4;
const DAY_MS = 86_400_000;

/** The sub-windows that `pace` needs for a wave: no day takes more than its share, no part more than a quarter of the deadline. */
export function subWindows(input: WaveSpeedInput): SubWindows {
  const { quotaShare = QUOTA_SHARE } = input;
  const traffic = fleetTraffic(input);
  const throttledMs = traffic.hours * 3_600_000;
  const byQuota = wholeParts(traffic.quotaShare / quotaShare);
  const byThrottle = wholeParts(throttledMs / (input.deadlineMs * DEADLINE_PART));
  const count = Math.max(byQuota, byThrottle);
  if (count === 1) return { count, apartMs: 0 };
  // A part is over for the throttle before the next begins, and so many of them make up a day's share.
  const partsADay = Math.max(1, Math.floor((quotaShare * count) / traffic.quotaShare + ROUNDING));
  const byDay = byQuota === 1 ? 0 : DAY_MS / partsADay;
  return { count, apartMs: Math.ceil(Math.max(throttledMs / count, byDay)) };
}

/** The problem of a wave that asks too much of its hub at once; undefined where it does not. */
export function waveTooFast(
  input: WaveSpeedInput & {
    /** Where it is declared, for the problem. */
    readonly path: string;
    readonly wave: string;
  },
): Problem | undefined {
  const { count, apartMs } = subWindows(input);
  if (count === 1) return undefined;
  const { quotaShare, hours } = fleetTraffic(input);
  const { tier, units, devices } = input;
  const most = formatPercentage(input.quotaShare ?? QUOTA_SHARE);
  return {
    severity: "error",
    code: "WAVE_TOO_FAST",
    path: input.path,
    summary:
      `wave "${input.wave}" updates ${devices} devices at once: ${formatPercentage(quotaShare)} of a day's messages of ` +
      `${tier} x ${units} (at most ${most}), ${formatDuration(hours * 3_600_000)} at its twin throttle ` +
      `(at most ${formatDuration(input.deadlineMs * DEADLINE_PART)}, a quarter of the deadline)`,
    hint: `pace it: ${count} sub-windows, ${formatDuration(apartMs)} apart; or make the wave smaller, or the hub bigger`,
  };
}

/** 0.1 + 0.2 is more than 0.3 to a computer; no wave is split for that. */
const ROUNDING = 1e-9;

function wholeParts(share: number): number {
  return Math.max(1, Math.ceil(share - ROUNDING));
}
