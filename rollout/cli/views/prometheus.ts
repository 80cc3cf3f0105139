import { Gauge, Registry } from "prom-client";
import type { Reading } from "../../adapters/telemetry/telemetry.ts";
import { INSTRUMENTS, prometheusLabel, prometheusName } from "../telemetry/instruments.ts";

/** Readings in Prometheus' text exposition format: every gauge there is, with its help, also where nothing was read. */
export async function renderPrometheus(readings: readonly Reading[]): Promise<string> {
  const exposition = new Registry();
  const gauges = Object.values(INSTRUMENTS)
    .filter(({ kind }) => kind === "gauge")
    .map((instrument): [string, Gauge] => [
      instrument.name,
      new Gauge({
        name: prometheusName(instrument),
        help: instrument.description,
        labelNames: instrument.attributes.map(prometheusLabel),
        registers: [exposition],
      }),
    ]);
  const byName = new Map(gauges);
  for (const { instrument, value, attributes } of readings) {
    const labels = Object.entries(attributes).map(([name, text]): [string, string] => [
      prometheusLabel(name),
      String(text),
    ]);
    byName.get(instrument.name)?.set(Object.fromEntries(labels), value);
  }
  return (await exposition.metrics()).trimEnd();
}
