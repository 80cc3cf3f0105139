import type { BinomialNumbers } from "../model/metric-reading.ts";
import {
  areCounts,
  goesOn,
  merged,
  strataIn,
  valueIn,
  type Folded,
  type Measurement,
} from "./measurement.ts";

const COUNTS = ["bad", "total"] as const;

/** Bad of total of a source: counts that only ever grow. Those that shrink, or are none, are not used. */
export function sourceCounts(measurements: readonly Measurement[]): Folded<BinomialNumbers> {
  let used: Measurement | undefined;
  let isInconsistent = false;
  for (const measurement of measurements) {
    const isMore = strataIn(measurement, "bad").some(
      (stratum) => valueIn(measurement, "bad", stratum) > valueIn(measurement, "total", stratum),
    );
    isInconsistent = isMore || !areCounts(measurement, COUNTS) || !goesOn(used, measurement, COUNTS);
    if (!isInconsistent) used = merged(used, measurement);
  }
  const byStratum = strataIn(used, "total").map((stratum): [string, BinomialNumbers] => {
    const bad = valueIn(used, "bad", stratum);
    return [stratum, { bad, total: valueIn(used, "total", stratum), unproven: bad }];
  });
  return { byStratum: Object.fromEntries(byStratum), at: used?.at, isInconsistent };
}

/**
 * Bad of all contacts of the attempt. Devices leave for a newer release, and their reports change: what counts is the
 * most that any look has seen of either, and to prove a rate only who has an outcome, and is well, counts as well.
 */
export function twinCounts(measurements: readonly Measurement[]): Folded<BinomialNumbers> {
  const latest = measurements.at(-1);
  const most = (part: string, stratum: string): number =>
    // No spread: a long rollout has more looks than a call may have arguments.
    measurements.reduce((found, measurement) => Math.max(found, valueIn(measurement, part, stratum)), 0);
  const strata = new Set(measurements.flatMap((measurement) => strataIn(measurement, "total")));
  const byStratum = [...strata].sort().map((stratum): [string, BinomialNumbers] => {
    const total = most("total", stratum);
    const now = (part: string): number => valueIn(latest, part, stratum);
    const well = Math.max(0, now("total") - now("bad") - now("unresolved"));
    return [stratum, { bad: Math.min(most("bad", stratum), total), total, unproven: total - well }];
  });
  return { byStratum: Object.fromEntries(byStratum), at: latest?.at, isInconsistent: false };
}
