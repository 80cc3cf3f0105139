import type { ConfigurationKind } from "./configuration-content.ts";
import type { ConfigurationOptions } from "./configuration-options.ts";
import type { JsonObject } from "./json-value.ts";
import type { Layer } from "./layering.ts";
import type { CompiledQuery } from "./query/query.ts";
import type { TargetCondition } from "./query/target-condition.ts";
import { serviceTime } from "./timestamp.ts";

/** A custom metric: its query as written, and compiled. */
export interface Metric {
  readonly text: string;
  readonly query: CompiledQuery;
}

/** What may change about a configuration: all but id and content [facts 1.4]. */
export interface ConfigurationTerms {
  readonly schemaVersion: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  /** As written; `target` is the same compiled. */
  readonly targetCondition: string;
  readonly target: TargetCondition;
  readonly priority: number;
  readonly metrics: ReadonlyMap<string, Metric>;
}

/** The counts of the last evaluation. */
export interface ConfigurationResults {
  readonly targetedCount: number;
  readonly appliedCount: number;
  readonly metrics: ReadonlyMap<string, number>;
}

/** An automatic device, or module, configuration as the hub keeps it. */
export interface Configuration extends ConfigurationTerms, Layer {
  /** Whose twins it writes; follows from the content, which never changes. */
  readonly kind: ConfigurationKind;
  /** As written; the layer's assignments are the same taken apart. */
  readonly content: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Counter behind the etag, one more with every accepted PUT. */
  readonly writes: number;
  /** Undefined until the first evaluation: unknown, not 0 [facts 1.1]. */
  readonly results: ConfigurationResults | undefined;
}

/** The etag of a configuration, without quotes: base64 of an ASCII counter, "MQ==" at first [facts 1.1]. */
export function configurationEtag({ writes }: Pick<Configuration, "writes">): string {
  return Buffer.from(String(writes)).toString("base64");
}

/** The configuration as the service API shows it [facts 1.1]. */
export function configurationDocument(
  configuration: Configuration,
  { configurationContentType: contentType = null }: ConfigurationOptions = {},
): JsonObject {
  const { id, metrics, results, target } = configuration;
  return {
    id,
    schemaVersion: configuration.schemaVersion,
    labels: configuration.labels,
    content: configuration.content,
    contentType,
    targetCondition: configuration.targetCondition,
    createdTimeUtc: serviceTime(configuration.createdAt),
    lastUpdatedTimeUtc: serviceTime(configuration.updatedAt),
    priority: configuration.priority,
    systemMetrics: {
      results:
        results === undefined
          ? {}
          : { targetedCount: results.targetedCount, appliedCount: results.appliedCount },
      queries: {
        targetedCount: target.query,
        appliedCount: `select deviceId from ${configuration.kind} where configurations.[[${id}]].status = 'Applied'`,
      },
    },
    metrics: {
      results: Object.fromEntries(results?.metrics ?? []),
      queries: Object.fromEntries([...metrics].map(([name, { text }]) => [name, text])),
    },
    etag: configurationEtag(configuration),
  };
}
