import type { Values } from "./wire-values.ts";

/** A resource as the state of a stack keeps it. */
export interface StoredResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly isCustom: boolean;
  readonly id: string;
  /** Secrets are marked, as in the state that Pulumi encrypts. */
  readonly inputs: Values;
  readonly outputs: Values;
  readonly parent: string;
  readonly protect: boolean;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  readonly secretOutputs: readonly string[];
  /** Why it is not all there, when it was made in part. */
  readonly failure: string | undefined;
}

/** The order in which resources can be deleted: those that depend on others, and children, before them. */
export function deletionOrder(resources: Iterable<StoredResource>): StoredResource[] {
  // They were registered after what they depend on.
  return [...resources].reverse();
}

/** Name of a resource among all of a stack [pulumi: resource URNs]: its type has the types of its parents before it. */
export function urnOf(
  { project, stack }: { readonly project: string; readonly stack: string },
  { type, name, parent }: { readonly type: string; readonly name: string; readonly parent: string },
): string {
  const chain = parent.split("::")[2] ?? "";
  const parents = chain === "" || chain.startsWith("pulumi:pulumi:Stack") ? "" : `${chain}$`;
  return `urn:pulumi:${stack}::${project}::${parents}${type}::${name}`;
}
