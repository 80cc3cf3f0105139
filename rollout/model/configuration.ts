import { digestOf, type Digest } from "./digest.ts";

/** An IoT Hub configuration as far as wavegate writes it. Id and content can never change after creation. */
export interface ConfigurationDocument {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `deviceContent`: values by twin path. Sent back exactly as read. */
  readonly content: Readonly<Record<string, unknown>>;
  /** WHERE part of a twin query; empty: no device. */
  readonly condition: string;
  /** The higher wins where two configurations write one path. */
  readonly priority: number;
  /** Custom metrics: full queries by name; the value is the number of rows. */
  readonly metrics: Readonly<Record<string, string>>;
}

/** The same as the hub stores it. */
export interface Configuration extends ConfigurationDocument {
  readonly etag: string;
  /** Never changes; tells a re-created configuration from the one that was deleted. */
  readonly createdTimeUtc: string;
  /** Last evaluated metric values by name; a metric that was never evaluated is absent, not 0. */
  readonly metricResults: Readonly<Record<string, number>>;
}

/** What one listing of a hub said. Every write decided on it carries an etag out of it. */
export interface Listing {
  readonly configurations: readonly Configuration[];
}

/** The part of a document that label `wg-doc` certifies: what people could edit in the portal. */
export function documentDigest(
  document: Pick<ConfigurationDocument, "condition" | "priority" | "metrics">,
): Digest {
  const { condition, priority, metrics } = document;
  return digestOf({ condition, priority, metrics });
}

/** The configuration with this id, if the listing has one. */
export function findConfiguration(listing: Listing, id: string): Configuration | undefined {
  return listing.configurations.find((configuration) => configuration.id === id);
}

/** A document to write back over what was read: everything the hub adds by itself is left out. */
export function documentOf(configuration: Configuration): ConfigurationDocument {
  const { id, labels, content, condition, priority, metrics } = configuration;
  return { id, labels, content, condition, priority, metrics };
}
