import type * as pulumi from "@pulumi/pulumi";
import type { Properties, ResourceLife } from "./resource-life.ts";

/**
 * Everything Pulumi stores of a provider's code: it loads the implementation from this package when it is called.
 * Pulumi writes this text into the state of every resource and caches it by instance, so there is one for each type,
 * and it is thin.
 */
export function thinProvider(
  load: () => Promise<ResourceLife>,
): pulumi.dynamic.ResourceProvider<Properties, Properties> {
  return {
    check: async (olds, news) => (await load()).check(olds, news),
    diff: async (id, olds, news) => (await load()).diff(id, olds, news),
    create: async (inputs) => (await load()).create(inputs),
    read: async (id, state) => (await load()).read(id, state ?? {}),
    update: async (id, olds, news) => (await load()).update(id, olds, news),
    delete: async (id, state) => (await load()).delete(id, state),
  };
}
