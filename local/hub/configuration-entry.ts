import { contentKind, parseContent } from "./configuration-content.ts";
import type { Configuration, ConfigurationResults } from "./configuration.ts";
import { compileMetrics, compileTarget } from "./configuration-terms.ts";
import type { QueryOptions } from "./query/query-options.ts";

/** A change to the configurations, as it stands in the journal. */
export type ConfigurationEntry =
  | { readonly op: "put"; readonly configuration: StoredConfiguration }
  | { readonly op: "remove"; readonly id: string }
  /** Generations given so far, so that none is given twice. */
  | { readonly op: "generations"; readonly given: number };

/** A configuration as JSON can carry it: queries as text, nothing that can be worked out from the rest. */
export interface StoredConfiguration extends Omit<
  Configuration,
  "kind" | "target" | "assignments" | "metrics" | "results"
> {
  readonly metrics: Readonly<Record<string, string>>;
  readonly results?: Omit<ConfigurationResults, "metrics"> & {
    readonly metrics: Readonly<Record<string, number>>;
  };
}

/** The configuration as it is stored. */
export function storedConfiguration(configuration: Configuration): StoredConfiguration {
  const { metrics, results } = configuration;
  // One by one: what is compiled stays behind.
  const { id, generation, schemaVersion, labels, content, targetCondition, priority } = configuration;
  const { createdAt, updatedAt, writes } = configuration;
  return {
    id,
    generation,
    schemaVersion,
    labels,
    content,
    targetCondition,
    priority,
    createdAt,
    updatedAt,
    writes,
    metrics: Object.fromEntries([...metrics].map(([name, { text }]) => [name, text])),
    ...(results === undefined
      ? {}
      : { results: { ...results, metrics: Object.fromEntries(results.metrics) } }),
  };
}

/** The configuration that was stored, its conditions and queries compiled again. */
export function configurationFromStored(
  { results, ...stored }: StoredConfiguration,
  options: QueryOptions,
): Configuration {
  const kind = contentKind(stored.content) ?? "devices";
  return {
    ...stored,
    kind,
    target: compileTarget(stored.targetCondition, kind, options),
    assignments: parseContent(stored.content),
    metrics: compileMetrics(stored.metrics, options),
    results:
      results === undefined ? undefined : { ...results, metrics: new Map(Object.entries(results.metrics)) },
  };
}
