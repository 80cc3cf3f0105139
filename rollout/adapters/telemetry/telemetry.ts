import { WavegateError } from "../../model/problem.ts";

/** What attributes are made of; never a device's id, a person's name or a secret. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One quantity that is measured, by its OpenTelemetry name. */
export interface Instrument {
  /** `wavegate.devices.ok`. */
  readonly name: string;
  /** Gauges are set, counters added to, histograms are given one value after the other. */
  readonly kind: "gauge" | "counter" | "histogram";
  /** UCUM: `s`, `{device}`. */
  readonly unit: string;
  readonly description: string;
  /** Names of its attributes. */
  readonly attributes: readonly string[];
}

/** One measured value. */
export interface Reading {
  readonly instrument: Instrument;
  readonly value: number;
  readonly attributes: Attributes;
}

/** One part of the work, as a trace shows it. */
export interface SpanFacts<T = unknown> {
  /** The same for all parts of that kind: what is special about one stands in its attributes. */
  readonly name: string;
  /** True for a call of another system; default: work of our own. */
  readonly isCall?: boolean;
  readonly attributes?: Attributes;
  /** What its outcome adds; `error.type` makes it a failure. */
  readonly outcome?: (value: T) => Attributes;
}

/** Runs something, and takes note of how long it took and how it ended. */
export type Around = <T>(facts: SpanFacts<T>, run: () => Promise<T>) => Promise<T>;

/** Where traces and metrics go. */
export interface Telemetry {
  /** Run something as a span, under the one that is open where it is called. */
  readonly around: Around;
  readonly measure: (reading: Reading) => void;
  /** Send what is not sent yet; resolves in bounded time, whatever happens. */
  readonly end: () => Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The signals that the standard variables ask for [OpenTelemetry: environment variables, OTLP exporter]. */
export function wantedSignals(environment: Environment): {
  readonly traces: boolean;
  readonly metrics: boolean;
} {
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? "") !== "";
  if (environment["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true")
    return { traces: false, metrics: false };
  const wants = (signal: "TRACES" | "METRICS"): boolean =>
    environment[`OTEL_${signal}_EXPORTER`]?.trim() !== "none" &&
    (isSet("OTEL_EXPORTER_OTLP_ENDPOINT") || isSet(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`));
  return { traces: wants("TRACES"), metrics: wants("METRICS") };
}

/** What went wrong, as a word of which there are few. */
export function errorType(error: unknown): string {
  if (error instanceof WavegateError) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}
