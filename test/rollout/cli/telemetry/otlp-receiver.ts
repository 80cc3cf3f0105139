import { z } from "zod";
import { startNumberService, type NumberService } from "../../../support/number-service.ts";

// [OTLP/HTTP, JSON encoding; opentelemetry-proto: trace.proto, metrics.proto]

const attribute = z.strictObject({
  key: z.string().min(1),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ intValue: z.union([z.int(), z.string().regex(/^-?\d+$/)]) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ arrayValue: z.unknown() }),
  ]),
});
const nanos = z.string().regex(/^\d{16,20}$/);
const resource = z.looseObject({ attributes: z.array(attribute) });
const span = z.looseObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  name: z.string().min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: z.array(attribute),
  status: z.looseObject({ code: z.int().min(0).max(2) }),
});
const tracesSchema = z.strictObject({
  resourceSpans: z.array(
    z.looseObject({ resource, scopeSpans: z.array(z.looseObject({ spans: z.array(span) })) }),
  ),
});
const point = z.looseObject({ attributes: z.array(attribute), timeUnixNano: nanos });
const points = z.looseObject({ dataPoints: z.array(point).min(1) });
const metric = z.looseObject({
  name: z.string().min(1),
  unit: z.string(),
  description: z.string(),
  gauge: points.optional(),
  sum: points.optional(),
  histogram: points.optional(),
});
const metricsSchema = z.strictObject({
  resourceMetrics: z.array(
    z.looseObject({ resource, scopeMetrics: z.array(z.looseObject({ metrics: z.array(metric) })) }),
  ),
});

export type ReceivedSpan = z.output<typeof span>;
export type ReceivedMetric = z.output<typeof metric>;

/** A collector on loopback that takes OTLP as JSON, and nothing else. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly service: NumberService;
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedMetric[];
  /** Attributes of what sent it. */
  readonly resources: Readonly<Record<string, unknown>>[];
  /** What it could not take. */
  readonly refused: string[];
}

/** Start one. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const [spans, metrics, resources, refused]: [
    ReceivedSpan[],
    ReceivedMetric[],
    Readonly<Record<string, unknown>>[],
    string[],
  ] = [[], [], [], []];
  const service = await startNumberService(({ path, body, headers }) => {
    try {
      if (headers["content-type"] !== "application/json") throw new Error("no JSON");
      if (path === "/v1/traces") {
        for (const { resource: from, scopeSpans } of tracesSchema.parse(JSON.parse(body)).resourceSpans) {
          resources.push(attributesOf(from));
          spans.push(...scopeSpans.flatMap((scope) => scope.spans));
        }
      } else if (path === "/v1/metrics") {
        for (const { scopeMetrics } of metricsSchema.parse(JSON.parse(body)).resourceMetrics)
          metrics.push(...scopeMetrics.flatMap((scope) => scope.metrics));
      } else throw new Error(`nothing takes ${path}`);
      return { headers: { "content-type": "application/json" }, body: "{}" };
    } catch (error) {
      refused.push(error instanceof Error ? error.message : "");
      return { status: 400 };
    }
  });
  return {
    url: service.url,
    ...{ service, spans, metrics, resources, refused },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** Attributes as an object. */
export function attributesOf({
  attributes,
}: {
  readonly attributes: readonly z.output<typeof attribute>[];
}): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
