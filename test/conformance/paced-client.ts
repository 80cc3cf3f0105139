import type iothub from "azure-iothub";
import type { Pace, PacedCalls } from "./pace.ts";

const CONFIGURATIONS =
  /^(?:addConfiguration|updateConfiguration|removeConfiguration|getConfiguration|getConfigurations)$/u;
const REGISTRY =
  /^(?:create|update|get|delete|list|addDevices|updateDevices|removeDevices|addModule|updateModule|getModule|getModulesOnDevice|removeModule)$/u;
const NOT_CALLS = /^(?:createQuery|open|close|on|once|removeListener|setRetryPolicy|_)/u;

/** Microsoft's Registry, each of whose calls waits for its turn. */
export function pacedRegistry(registry: iothub.Registry, pace: Pace): iothub.Registry {
  return paced(registry, pace, (name) =>
    CONFIGURATIONS.test(name) ? "configurations" : REGISTRY.test(name) ? "registry" : undefined,
  );
}

/** Microsoft's JobClient, each of whose calls waits for its turn. */
export function pacedJobs(jobs: iothub.JobClient, pace: Pace): iothub.JobClient {
  return paced(jobs, pace, () => "jobs", "jobs");
}

/** Microsoft's client of direct methods, each of whose calls waits for its turn. */
export function pacedMethods(client: iothub.Client, pace: Pace): iothub.Client {
  return paced(client, pace, () => undefined);
}

// The SDK's objects are used as they are; only the moment of a call is chosen.
function paced<Sdk extends object>(
  sdk: Sdk,
  pace: Pace,
  kindOf: (name: string) => PacedCalls | undefined,
  queries: PacedCalls = "queries",
): Sdk {
  return new Proxy(sdk, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || typeof name === "symbol") return member;
      const invoke = (...given: unknown[]): unknown => Reflect.apply(member, target, given);
      if (name === "createQuery")
        return (...given: unknown[]) => paced(invoke(...given) as object, pace, () => queries); // the SDK's Query
      if (NOT_CALLS.test(name)) return invoke;
      return (...given: unknown[]) => {
        const amount = Array.isArray(given[0]) ? given[0].length : 1;
        return pace({ of: kindOf(name), amount }, () => invoke(...given) as Promise<unknown>);
      };
    },
  });
}
