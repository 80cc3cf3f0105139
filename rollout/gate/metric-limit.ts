import type { Judge } from "../model/metric.ts";
import type { LimitNumbers } from "../model/metric-reading.ts";
import { strataIn, valueIn, type Folded, type Measurement } from "./measurement.ts";

/** True for a value that is over a limit. */
export function isOver(value: number, { above, below }: Extract<Judge, { kind: "limit" }>): boolean {
  return (above !== undefined && value > above) || (below !== undefined && value < below);
}

/** The latest value of each stratum, and for how many measurements in a row it has been bad; old data is none. */
export function limitNumbers(
  measurements: readonly Measurement[],
  judge: Extract<Judge, { kind: "limit" }>,
  freshnessMs: number,
): Folded<LimitNumbers> {
  const byStratum = new Map<string, LimitNumbers>();
  let at: number | undefined;
  for (const measurement of measurements) {
    if (measurement.lookAt - measurement.at > freshnessMs) continue;
    // The same data, read twice, is one measurement.
    if (at !== undefined && measurement.at <= at) continue;
    at = measurement.at;
    for (const stratum of new Set([...byStratum.keys(), ...strataIn(measurement, "value")])) {
      if (!strataIn(measurement, "value").includes(stratum)) {
        byStratum.delete(stratum);
        continue;
      }
      const value = valueIn(measurement, "value", stratum);
      const before = byStratum.get(stratum)?.failing ?? 0;
      byStratum.set(stratum, { value, failing: isOver(value, judge) ? before + 1 : 0 });
    }
  }
  return { byStratum: Object.fromEntries(byStratum), at, isInconsistent: false };
}
