import { ALL_STRATA } from "../model/metric.ts";
import type { ByStratum } from "../model/metric-reading.ts";
import { ownValue } from "../model/own-value.ts";

/** One measurement of a metric in a series of looks. */
export interface Measurement {
  /** Epoch ms of the look it was read at. */
  readonly lookAt: number;
  /** Epoch ms of the data. */
  readonly at: number;
  /** By the part that was asked for, then by stratum. */
  readonly values: Readonly<Record<string, ByStratum>>;
}

/** What a judge makes of a series of measurements. */
export interface Folded<Numbers> {
  readonly byStratum: Readonly<Record<string, Numbers>>;
  /** Epoch ms of the latest data that could be used. */
  readonly at: number | undefined;
  /** True when the latest measurement could not be used. */
  readonly isInconsistent: boolean;
}

/** A number of a measurement; of what is not there: 0. */
export function valueIn(measurement: Measurement | undefined, part: string, stratum: string): number {
  return ownValue(measurement?.values[part] ?? {}, stratum) ?? 0;
}

/** Strata of a part of a measurement. */
export function strataIn(measurement: Measurement | undefined, part: string): readonly string[] {
  return Object.keys(measurement?.values[part] ?? {});
}

/**
 * True when cumulative numbers go on from those before: none is negative or smaller, and they are still told by strata,
 * or still not.
 */
export function goesOn(
  before: Measurement | undefined,
  after: Measurement,
  parts: readonly string[],
): boolean {
  return parts.every((part) => {
    const now = strataIn(after, part);
    const names = new Set([...strataIn(before, part), ...now]);
    const isMixed = names.has(ALL_STRATA) && names.size > 1;
    const isLess = now.some((stratum) => !(valueIn(after, part, stratum) >= valueIn(before, part, stratum)));
    return !isMixed && !isLess;
  });
}

/** True when all numbers of these parts are counts. */
export function areCounts(measurement: Measurement, parts: readonly string[]): boolean {
  return parts.every((part) =>
    Object.values(measurement.values[part] ?? {}).every((count) => Number.isSafeInteger(count) && count >= 0),
  );
}

/** Cumulative numbers after a measurement: what it does not tell stays as it was. */
export function merged(before: Measurement | undefined, after: Measurement): Measurement {
  const parts = new Set([...Object.keys(before?.values ?? {}), ...Object.keys(after.values)]);
  const values = [...parts].map((part): [string, ByStratum] => [
    part,
    { ...before?.values[part], ...after.values[part] },
  ]);
  return { ...after, values: Object.fromEntries(values) };
}
