import type { Look, Tally } from "../model/look.ts";
import { ALL_STRATA, TWINS, type Metric } from "../model/metric.ts";
import type { ByStratum, MetricEvidence, MetricReading, MetricState } from "../model/metric-reading.ts";
import { ownValue } from "../model/own-value.ts";
import { OTHER } from "../model/stratum-counts.ts";
import type { Folded, Measurement } from "./measurement.ts";
import { sourceCounts, twinCounts } from "./metric-counts.ts";
import { limitNumbers } from "./metric-limit.ts";
import { ratioNumbers } from "./metric-ratio.ts";

/**
 * What the readings of a series of looks, the fresh one last, say about one metric. A reading that is lost costs power,
 * never validity.
 */
export function metricEvidence(input: {
  readonly metric: Metric;
  readonly looks: readonly Look[];
  /** Strata that had devices at the start; what comes of others is counted under `other`. */
  readonly strata: readonly string[];
  /** False once the last wave reaches into the hold-out. */
  readonly hasControl: boolean;
}): MetricEvidence {
  const { metric, looks } = input;
  const measurements = looks.flatMap((look) => measurementAt(look, input) ?? []);
  const { at: usedAt, isInconsistent, numbers } = numbersOf(metric, measurements);
  const look = looks.findLast((one) => readingOf(one, metric.name) !== undefined);
  const reading = look === undefined ? undefined : readingOf(look, metric.name);
  const missing = look === undefined ? [] : missingStrata(look, input);
  const state = stateOf({ ...input, reading, isInconsistent, missing });
  const at = state === "stale" && reading?.state === "measured" ? reading.at : usedAt;
  return {
    state,
    ...(state === "broken" && reading?.state === "broken" ? { trouble: reading.trouble } : {}),
    ...(state === "no data" && missing.length > 0 ? { missing } : {}),
    ...(at === undefined ? {} : { at }),
    numbers,
  };
}

type Series = Pick<Parameters<typeof metricEvidence>[0], "metric" | "strata">;

function measurementAt(look: Look, { metric, strata }: Series): Measurement | undefined {
  const reading = readingOf(look, metric.name);
  if (reading?.state !== "measured") return undefined;
  const values = metric.source === TWINS ? { ...reading.values, ...contacts(look) } : reading.values;
  // A limit is for every row by itself: values cannot be added up as counts can.
  if (metric.judge.kind === "limit") return { lookAt: look.at, at: reading.at, values };
  const folded = Object.entries(values).map(([part, all]): [string, ByStratum] => [part, fold(all, strata)]);
  return { lookAt: look.at, at: reading.at, values: Object.fromEntries(folded) };
}

/** Strata with devices in contact that a measurement by strata does not tell: nobody said that they are well. */
function missingStrata(look: Look, series: Series): readonly string[] {
  const measurement = measurementAt(look, series);
  const told = new Set(Object.values(measurement?.values ?? {}).flatMap((all) => Object.keys(all)));
  if (measurement === undefined || told.has(ALL_STRATA)) return [];
  const { total } = contacts(look);
  const inContact = series.metric.judge.kind === "limit" ? total : fold(total, series.strata);
  return Object.keys(inContact)
    .filter((stratum) => (ownValue(inContact, stratum) ?? 0) > 0 && !told.has(stratum))
    .sort();
}

/** What a look read of a metric; undefined: it was not asked at that look. */
export function readingOf({ metrics }: Pick<Look, "metrics">, name: string): MetricReading | undefined {
  return metrics === undefined ? undefined : ownValue(metrics, name);
}

/** Contacts of a look, as the parts of a measurement. */
function contacts({ views }: Look): Readonly<Record<"total" | "unresolved", ByStratum>> {
  const part = (count: (tally: Tally) => number): ByStratum =>
    Object.fromEntries(Object.entries(views.all).map(([stratum, tally]) => [stratum, count(tally)]));
  return {
    total: part(({ ok, failed, contacted }) => ok + failed + contacted),
    unresolved: part(({ contacted }) => contacted),
  };
}

function fold(all: ByStratum, strata: readonly string[]): ByStratum {
  const folded = new Map<string, number>();
  for (const [stratum, value] of Object.entries(all)) {
    const name = strata.includes(stratum) || stratum === ALL_STRATA ? stratum : OTHER;
    folded.set(name, (folded.get(name) ?? 0) + value);
  }
  return Object.fromEntries(folded);
}

function numbersOf(
  { judge, source, freshnessMs }: Metric,
  measurements: readonly Measurement[],
): Pick<MetricEvidence, "numbers"> & Pick<Folded<unknown>, "at" | "isInconsistent"> {
  switch (judge.kind) {
    case "limit": {
      const { byStratum, ...rest } = limitNumbers(measurements, judge, freshnessMs);
      return { ...rest, numbers: { kind: judge.kind, byStratum } };
    }
    case "binomial": {
      const { byStratum, ...rest } = source === TWINS ? twinCounts(measurements) : sourceCounts(measurements);
      return { ...rest, numbers: { kind: judge.kind, byStratum } };
    }
    case "rate ratio": {
      const { byStratum, ...rest } = ratioNumbers(measurements, judge);
      return { ...rest, numbers: { kind: judge.kind, byStratum } };
    }
  }
}

function stateOf(input: {
  readonly metric: Metric;
  readonly looks: readonly Look[];
  readonly hasControl: boolean;
  readonly reading: MetricReading | undefined;
  readonly isInconsistent: boolean;
  readonly missing: readonly string[];
}): MetricState {
  const { metric, looks, hasControl, reading, isInconsistent, missing } = input;
  const { judge, freshnessMs } = metric;
  const nowMs = looks.at(-1)?.at ?? 0;
  if (judge.kind === "rate ratio" && !hasControl) return "no control";
  if (reading?.state !== "measured") return reading?.state ?? "no data";
  // Data of the future would never grow stale.
  if (isInconsistent || reading.at > nowMs + freshnessMs) return "inconsistent";
  if (nowMs - reading.at > freshnessMs) return "stale";
  return missing.length > 0 ? "no data" : "measured";
}
