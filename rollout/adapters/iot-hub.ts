import type { Configuration as SdkConfiguration } from "azure-iothub";
import { z } from "zod";
import type { Configuration, ConfigurationDocument } from "../model/configuration.ts";
import { hubLimits, type HubTier } from "../model/hub-limits.ts";
import type { DeviceView } from "../model/device-view.ts";
import { WavegateError } from "../model/problem.ts";
import type { ClockPort, HubCallOptions, HubPort } from "../reconcile/ports.ts";
import { revealedContent, veiledContent } from "./access-content.ts";
import { hubCalls } from "./hub-calls.ts";
import { hubPace } from "./hub-pace.ts";
import type { Registry } from "./registry.ts";
import type { Around } from "./telemetry/telemetry.ts";
import { countRowSchema, stratumOf, tallyDevices, type CountRow } from "./tally-devices.ts";

/** Longest wait for one answer, real time. */
const CALL_TIMEOUT_MS = 30_000;
/** Configuration calls kept back for a stop: its listing and, above an adopted baseline, four writes [engine/stops.ts]. */
const STOP_RESERVE = 5;

/** What the hub adapter needs to know. */
export interface IotHubOptions {
  /** The hub's name in the settings. */
  readonly name: string;
  readonly registry: Registry;
  readonly clock: ClockPort;
  readonly tier: HubTier;
  readonly units: number;
  /** GROUP BY keys that the hub is known to take; default: two are tried, and remembered by this port. */
  readonly groupByKeys?: 1 | 2 | undefined;
  /** Interrupts every call that is not urgent, as each call's own signal does. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for one answer, real ms; default 30,000. */
  readonly callTimeoutMs?: number;
  /** Measures each request that is sent; default: nobody does. */
  readonly around?: Around | undefined;
}

const deviceSchema = z.object({
  deviceId: z.string(),
  tags: z.record(z.string(), z.unknown()).nullish(),
  properties: z.object({ reported: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

const namesSchema = z.array(z.object({ deviceId: z.string() }));

const bodySchema = z.object({
  id: z.string(),
  labels: z.record(z.string(), z.string()).nullish(),
  content: z.object({ deviceContent: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  targetCondition: z.string().nullish(),
  priority: z.number().nullish(),
  metrics: z
    .object({
      queries: z.record(z.string(), z.string()).nullish(),
      results: z.record(z.string(), z.number()).nullish(),
    })
    .nullish(),
  etag: z.string(),
  createdTimeUtc: z.string(),
});

/** An IoT hub through Microsoft's service SDK: paced below its throttles, reads retried, writes never. */
export function iotHub(options: IotHubOptions): HubPort {
  const { name, registry, clock, tier, units, callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const limits = hubLimits(tier, units);
  const configurationPace = hubPace(clock, {
    name: "configuration",
    callsPerMinute: limits.configurationCallsPerMinute,
    reserve: STOP_RESERVE,
  });
  // A stop asks nothing.
  const queryPace = hubPace(clock, { name: "query", callsPerMinute: limits.queriesPerMinute, reserve: 0 });

  const { signal, around } = options;
  const { read, write } = hubCalls({ hub: name, clock, timeoutMs: callTimeoutMs, signal, around });
  const rows = async (query: string, how: HubCallOptions = {}): Promise<readonly CountRow[]> => {
    const found: CountRow[] = [];
    const pages = registry.createQuery(query);
    do {
      const page = await read({
        ...how,
        what: "count devices",
        pace: queryPace,
        // Without its token the SDK starts at the first page again, for ever (azure-iothub 1.16.6).
        run: () => pages.next(pages.continuationToken),
      });
      // The SDK types rows as twins; an aggregate's rows are what the query names.
      found.push(...rowsOf(page.result, name));
    } while (pages.hasMoreResults);
    return found;
  };

  return {
    name,
    size: { tier, units },
    list: async (how = {}) => {
      const answer = await read({
        ...how,
        what: "list configurations",
        pace: configurationPace,
        run: () => registry.getConfigurations(),
      });
      return {
        configurations: bodiesOf(answer.responseBody, name).map((body) => configurationOf(body, name)),
      };
    },
    create: async (document, how = {}) => {
      const answer = await write({
        ...how,
        what: "create configuration",
        which: document.id,
        pace: configurationPace,
        run: () => registry.addConfiguration(bodyOf(document)),
      });
      return configurationOf(answer.responseBody, name);
    },
    replace: async (document, etag, how = {}) => {
      const body = { ...bodyOf(document), etag };
      const answer = await write({
        ...how,
        what: "replace configuration",
        which: document.id,
        pace: configurationPace,
        run: () => registry.updateConfiguration(body),
      });
      return configurationOf(answer.responseBody, name);
    },
    remove: async (id, etag, how = {}) => {
      await write({
        ...how,
        what: "delete configuration",
        which: id,
        pace: configurationPace,
        run: () => registry.removeConfigurationIf(id, etag),
      });
    },
    count: async (query, how = {}) => {
      const counts = new Map<string, number>();
      for (const row of await rows(query, how))
        counts.set(stratumOf(row), (counts.get(stratumOf(row)) ?? 0) + row.devices);
      return Object.fromEntries(counts);
    },
    tally: tallyDevices(rows, options.groupByKeys),
    device: async (deviceId, how = {}) => {
      const text = `SELECT * FROM devices WHERE deviceId = '${deviceId.replaceAll("'", "''")}'`;
      const pages = registry.createQuery(text);
      for (;;) {
        // A page may be empty and still have one after it.
        const page = await read({
          ...how,
          what: "read a device",
          pace: queryPace,
          run: () => pages.next(pages.continuationToken),
        });
        // The SDK says `any`; what a row is, the schema below finds out.
        const [found] = page.result as readonly unknown[];
        if (found !== undefined) return deviceOf(found, name);
        if (!pages.hasMoreResults) return undefined;
      }
    },
    deviceIds: async (query, most, how = {}) => {
      const pages = registry.createQuery(query, most);
      const ids: string[] = [];
      do {
        const page = await read({
          ...how,
          what: "name devices",
          pace: queryPace,
          run: () => pages.next(pages.continuationToken),
        });
        ids.push(...namesSchema.parse(page.result).map(({ deviceId }) => deviceId));
      } while (pages.hasMoreResults && ids.length < most);
      return ids.slice(0, most);
    },
  };
}

/** The SDK leaves an answer of another content type unparsed, as "", without an error. */
function bodiesOf(body: unknown, hub: string): readonly unknown[] {
  const parsed = z.array(z.unknown()).safeParse(body);
  if (parsed.success) return parsed.data;
  throw new WavegateError("HUB_FAILED", `${hub} answered with something that is no list of configurations`, {
    hint: "is there a proxy between? run the command again",
    cause: parsed.error,
  });
}

function deviceOf(twin: unknown, hub: string): DeviceView {
  const parsed = deviceSchema.safeParse(twin);
  if (!parsed.success)
    throw new WavegateError("HUB_FAILED", `${hub} answered with something that is no device`, {
      hint: "run the command again",
      cause: parsed.error,
    });
  const { deviceId, tags, properties } = parsed.data;
  return { deviceId, tags: tags ?? {}, properties: { reported: properties?.reported ?? {} } };
}

function rowsOf(result: unknown, hub: string): CountRow[] {
  const parsed = z.array(countRowSchema).safeParse(result);
  if (parsed.success) return parsed.data;
  throw new WavegateError("HUB_FAILED", `${hub} counted devices by something that is no stratum`, {
    hint: "tags.rollout.stratum has to be a text on every device: look for one that is an object",
    cause: parsed.error,
  });
}

function bodyOf(document: ConfigurationDocument): SdkConfiguration {
  const { id, labels, content, condition, priority, metrics } = document;
  return {
    id,
    schemaVersion: "1.0",
    labels: { ...labels },
    content: { deviceContent: revealedContent(content) },
    targetCondition: condition,
    priority,
    metrics: { queries: { ...metrics } },
  };
}

/** Read a configuration as the service sends it; it answers null for what was never set. */
function configurationOf(body: unknown, hub: string): Configuration {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success) {
    throw new WavegateError("HUB_FAILED", `${hub} answered with something that is no configuration`, {
      hint: "run the command again",
      cause: parsed.error,
    });
  }
  const { id, labels, content, targetCondition, priority, metrics, etag, createdTimeUtc } = parsed.data;
  return {
    id,
    labels: labels ?? {},
    content: veiledContent(content?.deviceContent ?? {}),
    condition: targetCondition ?? "",
    priority: priority ?? 0,
    metrics: metrics?.queries ?? {},
    metricResults: metrics?.results ?? {},
    etag,
    createdTimeUtc,
  };
}
