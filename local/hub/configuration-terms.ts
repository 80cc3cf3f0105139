import { z } from "zod";
import { contentKind, type ConfigurationKind } from "./configuration-content.ts";
import type { ConfigurationOptions } from "./configuration-options.ts";
import type { ConfigurationTerms, Metric } from "./configuration.ts";
import type { JsonObject } from "./json-value.ts";
import { QuerySyntaxError } from "./query/parser.ts";
import type { QueryOptions } from "./query/query-options.ts";
import { compileQuery } from "./query/query.ts";
import {
  compileModuleTargetCondition,
  compileTargetCondition,
  isModuleCondition,
  type TargetCondition,
} from "./query/target-condition.ts";
import { argumentInvalid, ServiceError } from "./service-error.ts";

/** A configuration as a caller writes it, checked. */
export interface WrittenConfiguration {
  readonly id: string;
  /** Absent in an update that leaves the content alone. */
  readonly content: JsonObject | undefined;
  readonly terms: ConfigurationTerms;
}

const MAX_METRICS = 5;
/** [facts 1.3, G]: the documents print what is forbidden; this is what they leave. */
const LISTED_ID = /^[a-z0-9\-:+%_#*?!(),=@$;']{1,128}$/u;
/** [facts 1.3, D]: no space and none of `& ^ [ ] { } \ | " < > /`; upper case is for nobody. */
const NOT_FORBIDDEN_ID = /^[^\s\u0000-\u0020\u007f-\u{10ffff}A-Z&^[\]{}\\|"<>/]{1,128}$/u;
/** [facts 1.3]: letters, digits and these. */
const LABEL = /^[A-Za-z0-9\-:.+%_#*?!(),=@;']{1,128}$/u;
const METRIC_NAME = /^[A-Za-z0-9_-]{1,128}$/u;

// Read-only members of the body (etag, times, systemMetrics, results) are ignored [facts 1.4, G].
const body = z.object({
  id: z.string(),
  schemaVersion: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  content: z.record(z.string(), z.unknown()).nullish(),
  targetCondition: z.string().nullish(),
  priority: z.int().min(0).max(2_147_483_647).nullish(),
  metrics: z.object({ queries: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Check the body of PUT /configurations/{id}; members left out take their defaults, since a PUT replaces. */
export function parseConfiguration(
  id: string,
  written: unknown,
  options: QueryOptions & ConfigurationOptions = {},
): WrittenConfiguration {
  const parsed = body.safeParse(written);
  if (!parsed.success)
    throw argumentInvalid(`The configuration is malformed: ${z.prettifyError(parsed.error)}`);
  const { labels, content, metrics, ...plain } = parsed.data;
  if (plain.id !== id)
    throw argumentInvalid(
      `The body has the id ${JSON.stringify(plain.id)}, the address has ${JSON.stringify(id)}`,
    );
  const isListed = options.configurationIds !== "not forbidden";
  if (!(isListed ? LISTED_ID : NOT_FORBIDDEN_ID).test(id)) {
    const allowed = isListed
      ? "and - : + % _ # * ? ! ( ) , = @ $ ; '"
      : 'and signs other than & ^ [ ] { } \\ | " < > /';
    throw argumentInvalid(
      `The configuration id ${JSON.stringify(id)} is not 1 to 128 lower-case letters, digits ${allowed}`,
    );
  }
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (!LABEL.test(name) || (value !== "" && !LABEL.test(value))) {
      throw argumentInvalid(
        `The label ${JSON.stringify(name)} is not up to 128 letters, digits and - : . + % _ # * ? ! ( ) , = @ '`,
      );
    }
  }
  const targetCondition = plain.targetCondition ?? "";
  // The body was parsed from JSON, so what zod calls unknown is JSON.
  const json = (content ?? undefined) as JsonObject | undefined;
  return {
    id,
    content: json,
    terms: {
      schemaVersion: plain.schemaVersion ?? null,
      labels: labels ?? null,
      targetCondition,
      target: compileTarget(targetCondition, json === undefined ? undefined : contentKind(json), options),
      priority: plain.priority ?? 0,
      metrics: compileMetrics(metrics?.queries ?? {}, options),
    },
  };
}

/** Compile a target condition for a kind of configurations; where that is not known, for the kind that it speaks of. */
export function compileTarget(
  text: string,
  kind: ConfigurationKind | undefined,
  options: QueryOptions,
): TargetCondition {
  const isForModules = kind === undefined ? isModuleCondition(text) : kind === "devices.modules";
  return isForModules ? compileModuleTargetCondition(text, options) : compileTargetCondition(text, options);
}

/** Compile the custom metrics of a configuration, by name. */
export function compileMetrics(
  queries: Readonly<Record<string, string>>,
  options: QueryOptions,
): ReadonlyMap<string, Metric> {
  const entries = Object.entries(queries);
  if (entries.length > MAX_METRICS)
    throw invalidMetric(`${entries.length} custom metrics, the limit is ${MAX_METRICS}`);
  return new Map(entries.map(([name, text]) => [name, compileMetric(name, text, options)]));
}

function compileMetric(name: string, text: string, options: QueryOptions): Metric {
  if (!METRIC_NAME.test(name))
    throw invalidMetric(`the name ${JSON.stringify(name)} is not 1 to 128 letters, digits, - and _`);
  try {
    return { text, query: compileQuery(text, options) };
  } catch (error) {
    throw error instanceof QuerySyntaxError ? invalidMetric(`${name}: ${error.message}`) : error;
  }
}

function invalidMetric(reason: string): ServiceError {
  return new ServiceError(400, "InvalidConfigurationCustomMetricsQuery", {
    message: `Invalid custom metric: ${reason}`,
  });
}
