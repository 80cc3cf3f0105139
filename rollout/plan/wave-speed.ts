import { declaredDuration, formatDuration } from "../model/duration.ts";
import { hubLimits } from "../model/hub-limits.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { MOST_PARTS, type Wave } from "../model/wave.ts";
import { takeBackRoom } from "./take-back-room.ts";
import { fleetTraffic, type FleetTraffic, type FleetTrafficInput } from "./traffic.ts";

/** A wave on one hub: the devices are those it adds. */
export interface WaveSpeedInput extends FleetTrafficInput {
  /** Time a device has from contact to its end (the gate's `deadline`; of several the shortest), in ms. */
  readonly deadlineMs: number;
  /** Most of a day's messages that a wave may take, as a fraction; default 0.3: the rest is for telemetry and a way back. */
  readonly quotaShare?: number | undefined;
}

/** How a wave is split so that each part keeps within the hub's limits; one part where it need not be. */
export interface NeededParts {
  /** Parts of about the same number of devices, from 1. */
  readonly count: number;
  /** Least time from the opening of one to that of the next, in ms; 0 for one. */
  readonly apartMs: number;
}

/** Share of a day's messages that one wave may take: telemetry and a way back need the rest. */
const QUOTA_SHARE = 0.3;
/** Part of the deadline that the throttle may eat: beyond it a healthy device looks silent because the hub is slow. */
const DEADLINE_PART = 1 / 4;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The parts that `pace` needs for a wave: no day takes more than its share, no part more than a quarter of the deadline. */
export function partsNeeded(input: WaveSpeedInput): NeededParts {
  const { quotaShare = QUOTA_SHARE } = input;
  const traffic = fleetTraffic(input);
  const throttledMs = traffic.hours * HOUR_MS;
  const byQuota = wholeParts(traffic.quotaShare / quotaShare);
  const byThrottle = wholeParts(throttledMs / (input.deadlineMs * DEADLINE_PART));
  const count = Math.max(byQuota, byThrottle);
  if (count === 1) return { count, apartMs: 0 };
  // A part is over for the throttle before the next begins, and so many of them make up a day's share.
  const partsADay = Math.max(1, Math.floor((quotaShare * count) / traffic.quotaShare + ROUNDING));
  const byDay = byQuota === 1 ? 0 : DAY_MS / partsADay;
  return { count, apartMs: Math.ceil(Math.max(throttledMs / count, byDay)) };
}

/** What a wave with this pace opens at once, and within a day; without pace all of it. */
function openedBy(
  input: FleetTrafficInput,
  pace: Wave["pace"],
): { readonly part: FleetTraffic; readonly day: FleetTraffic; readonly devicesADay: number } {
  const { parts, everyMs } = pace ?? { parts: 1, everyMs: DAY_MS };
  const part = Math.ceil(input.devices / parts);
  const partsADay = Math.min(parts, Math.max(1, Math.ceil(DAY_MS / Math.max(1, everyMs))));
  const devicesADay = Math.min(input.devices, part * partsADay);
  return {
    part: fleetTraffic({ ...input, devices: part }),
    day: fleetTraffic({ ...input, devices: devicesADay }),
    devicesADay,
  };
}

/**
 * The problem of a wave that asks too much of its hub; undefined where it does not. What cannot be given AND taken back
 * in one day's messages is an error: an exhausted quota stops the way back too. Over its share of a day or of the
 * deadline, it costs telemetry or makes healthy devices look silent, and a person may choose that: a warning
 * (docs/decisions/0008).
 */
export function waveTooFast(
  input: WaveSpeedInput & {
    /** Where it is declared, for the problem. */
    readonly path: string;
    readonly wave: string;
    readonly pace?: Wave["pace"];
    /** The hub, where there are several. */
    readonly hub?: string | undefined;
  },
): Problem | undefined {
  const { tier, units, devices, deadlineMs, pace, quotaShare = QUOTA_SHARE } = input;
  const { part, day, devicesADay } = openedBy(input, pace);
  const partMs = part.hours * HOUR_MS;
  const isOverDay = day.quotaShare > quotaShare + ROUNDING;
  const isSlow = partMs > deadlineMs * DEADLINE_PART + 1;
  const isCrowded = pace !== undefined && partMs > pace.everyMs;
  if (!isOverDay && !isSlow && !isCrowded) return undefined;
  // All of a day's messages at most: telemetry is not known here, and does not make it less.
  const canGoBack = takeBackRoom({ ...input, exposed: 0, usedToday: 0 }).devices >= devicesADay;
  const { count, apartMs } = partsNeeded({ ...input, quotaShare });
  const at = input.hub === undefined ? "" : ` on ${input.hub}`;
  const how =
    pace === undefined ? "at once" : `in ${pace.parts} parts, ${formatDuration(pace.everyMs)} apart`;
  const back = canGoBack
    ? ""
    : `; ${devicesADay} in a day are more than its ${hubLimits(tier, units).messagesPerDay} messages can take back`;
  return {
    severity: canGoBack ? "warning" : "error",
    code: "WAVE_TOO_FAST",
    path: input.path,
    summary:
      `wave "${input.wave}" updates ${devices} devices${at} ${how}: ${formatPercentage(day.quotaShare)} of a day's messages of ` +
      `${tier} x ${units} (at most ${formatPercentage(quotaShare)}), ${formatDuration(partMs)} at its twin throttle ` +
      `(at most ${formatDuration(deadlineMs * DEADLINE_PART)}, a quarter of the deadline)${back}`,
    hint:
      count > MOST_PARTS
        ? `make the wave smaller or the hub bigger: it would take ${count} parts`
        : `write in the wave: pace: { parts: ${Math.max(2, count)}, every: "${declaredDuration(apartMs)}" }; or make the wave smaller, or the hub bigger`,
  };
}

/** 0.1 + 0.2 is more than 0.3 to a computer; no wave is split for that. */
const ROUNDING = 1e-9;

function wholeParts(share: number): number {
  return Math.max(1, Math.ceil(share - ROUNDING));
}
