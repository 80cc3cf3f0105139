import { findConfiguration, type Configuration, type ConfigurationDocument } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import type { Intent } from "../model/record.ts";
import { reachedHubs } from "./found.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/** What a record says of the configurations that were created for it. */
export interface Created extends Pick<Intent, "priority" | "created"> {
  readonly kind: "created";
}

/**
 * [protocol §3, 5.8] The empty configurations of a release on every hub, once all of them stand; else the step that creates
 * those that are lacking. Identity is checked by label, not by name: what stands there must be what an earlier run of ours
 * created.
 */
export function emptyConfigurations(
  { observation }: StepInput,
  document: ConfigurationDocument,
  why: string,
): Step | Created {
  const hubs = reachedHubs(observation);
  const found = new Map<string, Configuration>();
  for (const { name, listing } of hubs) {
    const there = findConfiguration(listing, document.id);
    if (there === undefined) continue;
    if (there.labels[LABEL.release] !== document.labels[LABEL.release] || there.condition !== "")
      return notOurs(name, document.id);
    found.set(name, there);
  }
  const lacking = hubs.filter(({ name }) => !found.has(name));
  if (lacking.length > 0)
    return { kind: "create", creates: lacking.map(({ name }) => ({ hub: name, document })), why };
  return {
    kind: "created",
    priority: Math.max(...[...found.values()].map(({ priority }) => priority)),
    created: Object.fromEntries([...found].map(([name, { createdTimeUtc }]) => [name, createdTimeUtc])),
  };
}

function notOurs(hub: string, id: string): Step {
  return {
    kind: "blocked",
    problems: [
      {
        severity: "error",
        code: "FOREIGN_CONFIGURATION",
        path: `configuration ${id} on ${hub}`,
        summary: "it has a name that wavegate needs, and is another one",
        hint: `find out whose it is; then: az iot hub configuration delete -c ${id}`,
      },
    ],
  };
}
