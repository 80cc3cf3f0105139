import { scaleLinear, scaleLog, scaleUtc } from "d3-scale";
import { withThousands } from "../../gate/format-evidence.ts";
import { formatDuration } from "../../model/duration.ts";
import { formatInstant } from "../../model/instant.ts";
import { formatPercentage } from "../../model/percentage.ts";

/** One direction of a chart: where a value lies, and which values have a text. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

type Range = readonly [from: number, to: number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Instants, epoch ms; UTC, to the minute, or to the day where they span more than three. */
export function timeScale(domain: Range, range: Range): Scale {
  const [from, to] = domain;
  const scale = scaleUtc([from, Math.max(to, from + HOUR_MS / 60)], range);
  const isLong = to - from > 3 * DAY_MS;
  const format = (ms: number): string => {
    const text = formatInstant(ms);
    return isLong ? text.slice(5, 10) : text.endsWith("00:00") ? text.slice(5, 10) : text.slice(11);
  };
  return { at: (value) => scale(value), ticks: scale.ticks(5).map(Number), format };
}

/** Lengths of time from 0 on, ms. */
export function durationScale(longest: number, range: Range): Scale {
  const unit = [DAY_MS, HOUR_MS, HOUR_MS / 60].find((one) => longest >= 2 * one) ?? 1_000;
  const scale = scaleLinear([0, Math.max(longest, 1_000)], range);
  const inUnits = scaleLinear([0, Math.max(longest, 1_000) / unit], range);
  const ticks = inUnits.ticks(4).map((tick) => tick * unit);
  const format = (ms: number): string => (ms === 0 ? "0" : formatDuration(ms));
  return { at: (value) => scale(value), ticks, format };
}

/** Numbers of devices from 0 on; whole ticks. */
export function countScale(most: number, range: Range): Scale {
  const scale = scaleLinear([0, Math.max(most, 1) * 1.08], range);
  const ticks = scale.ticks(4).filter(Number.isInteger);
  return { at: (value) => scale(value), ticks, format: shortCount };
}

/** Shares, 0 to 1. */
export function shareScale(range: Range): Scale {
  const scale = scaleLinear([0, 1], range);
  return { at: (value) => scale(value), ticks: [0, 0.25, 0.5, 0.75, 1], format: formatPercentage };
}

/** Shares of what it takes for the gate to act, by powers of ten; what lies beyond the ends is drawn on them. */
export function evidenceScale(domain: Range, range: Range): Scale {
  const [low, high] = domain;
  const scale = scaleLog([low, high], range).clamp(true);
  const powers = Math.round(Math.log10(high / low));
  const step = Math.max(1, Math.ceil(powers / 5));
  const ticks = Array.from({ length: powers + 1 }, (_, power) => low * 10 ** power).filter(
    (value) => Math.round(Math.log10(value)) % step === 0,
  );
  const format = (value: number): string =>
    value < 10 ? formatPercentage(Number(value.toPrecision(1))) : `×${shortCount(Math.round(value))}`;
  return { at: (value) => scale(value), ticks, format };
}

/** 950, 12k, 1.5M: what fits beside an axis. */
function shortCount(count: number): string {
  if (count < 10_000) return withThousands(count);
  const [value, unit] = count < 1e6 ? [count / 1e3, "k"] : [count / 1e6, "M"];
  return `${Number(value.toPrecision(3))}${unit}`;
}
