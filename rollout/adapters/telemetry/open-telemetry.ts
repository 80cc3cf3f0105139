import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Meter } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import {
  errorType,
  wantedSignals,
  type Attributes,
  type Instrument,
  type SpanFacts,
  type Telemetry,
} from "./telemetry.ts";

/** Longest time that the end of a command waits for what is not sent yet, real ms. */
const FLUSH_MS = 5_000;

/**
 * Traces and metrics by OTLP over HTTP, as JSON. Endpoints, headers, time-outs, sampling, intervals and resource are read by
 * OpenTelemetry's own libraries from the standard `OTEL_*` variables; nothing is registered globally.
 */
export function openTelemetry(options: {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told once, when something could not be sent. */
  readonly warn: (line: string) => void;
}): Telemetry {
  const { environment, warn } = options;
  const { traces, metrics } = wantedSignals(environment);
  const resource = defaultResource()
    .merge(resourceFromAttributes({ "service.name": "wavegate" }))
    .merge(detectResources({ detectors: [envDetector] }));
  const failures = new Set<string>();
  const timeoutMillis =
    environment["OTEL_EXPORTER_OTLP_TIMEOUT"] === undefined ? { timeoutMillis: FLUSH_MS } : {};
  const tracers = traces
    ? new BasicTracerProvider({
        resource,
        spanProcessors: [
          new BatchSpanProcessor(noting(new OTLPTraceExporter(timeoutMillis), () => failures.add("traces"))),
        ],
      })
    : undefined;
  const meters = metrics
    ? new MeterProvider({
        resource,
        readers: [
          new PeriodicExportingMetricReader({
            exporter: noting(new OTLPMetricExporter(timeoutMillis), () => failures.add("metrics")),
            ...interval(environment["OTEL_METRIC_EXPORT_INTERVAL"]),
          }),
        ],
      })
    : undefined;
  const open = new AsyncLocalStorage<Context>();
  const tracer = tracers?.getTracer("wavegate");
  const record = meters === undefined ? () => undefined : recorder(meters.getMeter("wavegate"));
  return {
    around: (facts, run) => {
      if (tracer === undefined) return run();
      const { name, isCall = false, attributes = {} } = facts;
      const parent = open.getStore() ?? ROOT_CONTEXT;
      const kind = isCall ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const span = tracer.startSpan(name, { kind, attributes }, parent);
      const ended = (found: Attributes): void => {
        span.setAttributes(found);
        if (found["error.type"] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
      return open.run(trace.setSpan(parent, span), () =>
        run().then(
          (value) => {
            ended(outcomeOf(facts, value));
            return value;
          },
          (error: unknown) => {
            ended({ "error.type": errorType(error) });
            throw error;
          },
        ),
      );
    },
    measure: ({ instrument, value, attributes }) => {
      record(instrument, value, attributes);
    },
    end: async () => {
      const flushed = Promise.allSettled([tracers?.shutdown(), meters?.shutdown()]);
      const late = new AbortController();
      const isLate = await Promise.race([
        flushed.then(() => false),
        wait(FLUSH_MS, true, { signal: late.signal }).catch(() => true),
      ]);
      late.abort();
      if (isLate || failures.size > 0)
        warn(
          `warning: ${[...failures].sort().join(" and ") || "telemetry"} could not be sent: see OTEL_EXPORTER_OTLP_ENDPOINT`,
        );
    },
  };
}

function outcomeOf<T>({ outcome }: SpanFacts<T>, value: T): Attributes {
  return outcome?.(value) ?? {};
}

/** An exporter whose failures are noted: it reports them to nobody. */
function noting<
  Exporter extends { export: (items: never, done: (result: { code: number }) => void) => void },
>(exporter: Exporter, onFailure: () => void): Exporter {
  const send = exporter.export.bind(exporter) as Exporter["export"]; // bound, it is the same function
  exporter.export = (items, done) => {
    send(items, (result) => {
      if (result.code !== 0) onFailure();
      done(result);
    });
  };
  return exporter;
}

/** Instruments by name, made when they are first needed. */
function recorder(meter: Meter): (instrument: Instrument, value: number, attributes: Attributes) => void {
  const made = new Map<string, (value: number, attributes: Attributes) => void>();
  const make = ({
    name,
    kind,
    unit,
    description,
  }: Instrument): ((value: number, attributes: Attributes) => void) => {
    switch (kind) {
      case "gauge": {
        const gauge = meter.createGauge(name, { unit, description });
        return (value, attributes) => {
          gauge.record(value, attributes);
        };
      }
      case "counter": {
        const counter = meter.createCounter(name, { unit, description });
        return (value, attributes) => {
          counter.add(value, attributes);
        };
      }
      case "histogram": {
        const histogram = meter.createHistogram(name, {
          unit,
          description,
          advice: { explicitBucketBoundaries: SECONDS },
        });
        return (value, attributes) => {
          histogram.record(value, attributes);
        };
      }
    }
  };
  return (instrument, value, attributes) => {
    const put = made.get(instrument.name) ?? make(instrument);
    made.set(instrument.name, put);
    put(value, attributes);
  };
}

/** Bounds for durations [semantic conventions: http.client.request.duration], and above them those of a whole look. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120];

function interval(text: string | undefined): {
  readonly exportIntervalMillis?: number;
  readonly exportTimeoutMillis?: number;
} {
  const ms = Number(text);
  return text !== undefined && ms > 0
    ? { exportIntervalMillis: ms, exportTimeoutMillis: Math.min(ms, FLUSH_MS) }
    : { exportTimeoutMillis: FLUSH_MS };
}
