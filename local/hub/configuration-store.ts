import { isDeepStrictEqual } from "node:util";
import type { HubClock } from "./clock.ts";
import {
  configurationFromStored,
  storedConfiguration,
  type ConfigurationEntry,
} from "./configuration-entry.ts";
import { contentKind, parseContent } from "./configuration-content.ts";
import {
  configurationEtag,
  type Configuration,
  type ConfigurationResults,
  type ConfigurationTerms,
} from "./configuration.ts";
import { compileTarget, type WrittenConfiguration } from "./configuration-terms.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { JsonObject } from "./json-value.ts";
import { isMatch, type Precondition } from "./precondition.ts";
import type { QueryOptions } from "./query/query-options.ts";
import { preconditionFailed, ServiceError } from "./service-error.ts";

/** All configurations of a hub, and the only way to change them. */
export interface ConfigurationStore {
  /** In the order of creation. */
  readonly all: () => readonly Configuration[];
  /** The configuration, or 404 ConfigurationNotFound. */
  readonly get: (id: string) => Configuration;
  readonly create: (written: WrittenConfiguration) => Configuration;
  readonly update: (written: WrittenConfiguration, precondition: Precondition) => Configuration;
  readonly remove: (id: string, precondition: Precondition | undefined) => void;
  /** Whether a configuration that once was is gone, by generation. */
  readonly isGone: (generation: number) => boolean;
  readonly setResults: (id: string, results: ConfigurationResults) => void;
}

/** An empty store; `onChange` is called after every change that an evaluation would notice. */
export function createConfigurationStore(options: {
  readonly clock: HubClock;
  readonly maxConfigurations: number;
  readonly onChange: () => void;
  readonly journal?: Journal;
  /** How conditions and metrics of stored configurations are read. */
  readonly queryOptions?: QueryOptions;
  readonly contentChangeStatus?: 400 | 404 | undefined;
}): ConfigurationStore {
  const { clock, maxConfigurations, onChange, journal = createJournal(), queryOptions = {} } = options;
  const { contentChangeStatus = 400 } = options;
  const configurations = new Map<string, Configuration>();
  let generations = 0;

  const get = (id: string): Configuration => {
    const configuration = configurations.get(id);
    if (configuration === undefined) {
      throw new ServiceError(404, "ConfigurationNotFound", { message: `Configuration ${id} not found` });
    }
    return configuration;
  };

  const replay = (entry: ConfigurationEntry): void => {
    if (entry.op === "remove") configurations.delete(entry.id);
    else if (entry.op === "generations") generations = entry.given;
    else {
      const configuration = configurationFromStored(entry.configuration, queryOptions);
      configurations.set(configuration.id, configuration);
      generations = Math.max(generations, configuration.generation);
    }
  };
  // Entries are plain JSON by construction; they come back from a file that a hub of this version wrote.
  const scribe = journal.attach("configurations", {
    replay: (entry) => {
      replay(entry as unknown as ConfigurationEntry);
    },
    capture: () => captureConfigurations([...configurations.values()], generations),
    clear: () => {
      configurations.clear();
      generations = 0;
    },
  });
  const record = (entry: ConfigurationEntry): void => {
    scribe(entry as unknown as JsonObject);
  };
  const keep = (configuration: Configuration): Configuration => {
    record({ op: "put", configuration: storedConfiguration(configuration) });
    configurations.set(configuration.id, configuration);
    return configuration;
  };
  const store = (configuration: Configuration): Configuration => {
    keep(configuration);
    onChange();
    return configuration;
  };

  return {
    all: () => [...configurations.values()],
    get,
    create: ({ id, content, terms }) => {
      if (configurations.has(id)) {
        throw new ServiceError(409, "ConfigurationAlreadyExists", {
          message: `Configuration ${id} already exists: to update it, send its etag in quotes as If-Match`,
        });
      }
      const assignments = parseContent(content ?? {});
      if (configurations.size >= maxConfigurations) {
        // The service's words [facts 1.3].
        throw new ServiceError(413, "ConfigurationCountLimitExceeded", {
          message: `Number of deployments exceed the maximum quota ${maxConfigurations} for this IotHub.`,
        });
      }
      const at = clock.now();
      return store({
        ...terms,
        id,
        kind: contentKind(content ?? {}) ?? "devices",
        generation: ++generations,
        content: content ?? {},
        assignments,
        createdAt: at,
        updatedAt: at,
        writes: 1,
        results: undefined,
      });
    },
    update: ({ id, content, terms }, precondition) => {
      const before = get(id);
      if (!isMatch(precondition, configurationEtag(before))) throw preconditionFailed(`configuration ${id}`);
      if (content !== undefined && !isDeepStrictEqual(content, before.content)) {
        // FIDELITY: the status is undocumented [facts 1.4, G].
        throw new ServiceError(contentChangeStatus, "CannotModifyImmutableConfigurationContent", {
          message: `The content of configuration ${id} cannot be changed: create a new configuration`,
        });
      }
      // Without content in the body, its kind is known only here.
      const target = compileTarget(terms.targetCondition, before.kind, queryOptions);
      const results =
        before.results === undefined ? undefined : withoutStaleMetrics(before.results, before, terms);
      return store({
        ...before,
        ...terms,
        target,
        results,
        updatedAt: clock.now(),
        writes: before.writes + 1,
      });
    },
    remove: (id, precondition) => {
      const before = get(id);
      if (!isMatch(precondition, configurationEtag(before))) throw preconditionFailed(`configuration ${id}`);
      record({ op: "remove", id });
      configurations.delete(id);
      onChange();
    },
    isGone: (generation) =>
      !configurations.values().some((configuration) => configuration.generation === generation),
    setResults: (id, results) => {
      const before = get(id);
      if (!isDeepStrictEqual(before.results, results)) keep({ ...before, results });
    },
  };
}

// The value of a metric whose query changed is unknown until the next evaluation, not that of the old query.
function withoutStaleMetrics(
  results: ConfigurationResults,
  before: ConfigurationTerms,
  after: ConfigurationTerms,
): ConfigurationResults {
  const isSame = (name: string): boolean => before.metrics.get(name)?.text === after.metrics.get(name)?.text;
  return { ...results, metrics: new Map([...results.metrics].filter(([name]) => isSame(name))) };
}

function captureConfigurations(configurations: readonly Configuration[], given: number): JsonObject[] {
  const entries: ConfigurationEntry[] = [
    { op: "generations", given },
    ...configurations.map((one) => ({ op: "put" as const, configuration: storedConfiguration(one) })),
  ];
  return entries as unknown as JsonObject[]; // plain JSON by construction
}
