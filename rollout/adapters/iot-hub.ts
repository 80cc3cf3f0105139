import { z } from "zod";
import { hubLimits, type HubTier } from "../model/hub-limits.ts";
import type { ClockPort, HubCallOptions, HubPort } from "../reconcile/ports.ts";
import { hubAnswer } from "./hub-answer.ts";
import { hubCalls } from "./hub-calls.ts";
import { bodyOf, configurationOf, configurationsOf } from "./hub-configuration.ts";
import { hubPace } from "./hub-pace.ts";
import type { Registry } from "./registry.ts";
import { countRowSchema, stratumOf, tallyDevices, type CountRow } from "./tally-devices.ts";
import type { Around } from "./telemetry/telemetry.ts";

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

const nameSchema = z.object({ deviceId: z.string() });

const COUNT = {
  what: "count by stratum",
  hint: "tags.rollout.stratum has to be a text on every device: look for one that is an object",
};

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
  /** Pages of a query's rows, each a call of its own; a page may be empty and still have one after it. */
  const pagesOf = async function* (
    query: string,
    { pageSize, ...how }: HubCallOptions & { readonly what: string; readonly pageSize?: number },
  ): AsyncGenerator {
    const pages = registry.createQuery(query, pageSize);
    do {
      // Without its token the SDK starts at the first page again, for ever (azure-iothub 1.16.6).
      const run = () => pages.next(pages.continuationToken);
      const page = await read({ ...how, pace: queryPace, run });
      // The SDK types rows as twins; what they are, the query says.
      yield page.result as unknown;
    } while (pages.hasMoreResults);
  };
  const rows = async (query: string, how: HubCallOptions = {}): Promise<readonly CountRow[]> => {
    const found: CountRow[] = [];
    for await (const page of pagesOf(query, { ...how, what: "count devices" }))
      found.push(...hubAnswer(z.array(countRowSchema), page, { hub: name, ...COUNT }));
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
      return { configurations: configurationsOf(answer.responseBody, name) };
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
      for await (const page of pagesOf(text, { ...how, what: "read a device" })) {
        const [device] = hubAnswer(z.array(deviceSchema), page, { hub: name, what: "device" });
        if (device === undefined) continue;
        const { tags, properties } = device;
        return {
          deviceId: device.deviceId,
          tags: tags ?? {},
          properties: { reported: properties?.reported ?? {} },
        };
      }
      return undefined;
    },
    deviceIds: async (query, most, how = {}) => {
      const ids: string[] = [];
      for await (const page of pagesOf(query, { ...how, what: "name devices", pageSize: most })) {
        const names = hubAnswer(z.array(nameSchema), page, { hub: name, what: "list of devices" });
        ids.push(...names.map(({ deviceId }) => deviceId));
        if (ids.length >= most) break;
      }
      return ids.slice(0, most);
    },
  };
}
