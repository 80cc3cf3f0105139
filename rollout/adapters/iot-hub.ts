import { ExponentialBackoff, handleWhen, retry } from "cockatiel";
import type { Configuration as SdkConfiguration } from "azure-iothub";
import { z } from "zod";
import type { Configuration, ConfigurationDocument } from "../model/configuration.ts";
import { WavegateError } from "../model/problem.ts";
import { fullBucket, takeToken, type TokenBucket } from "../model/token-bucket.ts";
import type { ClockPort, HubPort } from "../reconcile/ports.ts";
import { hubError } from "./hub-errors.ts";
import type { Registry } from "./registry.ts";

/** Calls a minute that a hub takes, per unit [IoT Hub throttling limits]. */
const CONFIGURATION_CALLS = 20;
const QUERY_CALLS = { F1: 20, S1: 20, S2: 20, S3: 1_000 } as const;
/** Longest wait for one answer, real time. */
const CALL_TIMEOUT_MS = 30_000;
const READ_ATTEMPTS = 4;

/** What the hub adapter needs to know. */
export interface IotHubOptions {
  /** The hub's name in the settings. */
  readonly name: string;
  readonly registry: Registry;
  readonly clock: ClockPort;
  readonly tier: "F1" | "S1" | "S2" | "S3";
  readonly units: number;
}

const rowSchema = z.object({
  stratum: z.union([z.string(), z.number(), z.boolean()]).nullish(),
  devices: z.int().nonnegative(),
});

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
  const { name, registry, clock, tier, units } = options;
  const configurationPace = pace(clock, CONFIGURATION_CALLS * units);
  const queryPace = pace(clock, QUERY_CALLS[tier] * units);

  const call = async <T>(what: string, paced: Pace, run: () => Promise<T>): Promise<T> => {
    await paced();
    try {
      return await withinTime(run(), what, name);
    } catch (error) {
      throw hubError(error, what, name);
    }
  };
  const read = <T>(what: string, paced: Pace, run: () => Promise<T>): Promise<T> =>
    retries.execute(() => call(what, paced, run));

  return {
    name,
    list: async () => {
      const answer = await read("list configurations", configurationPace, () => registry.getConfigurations());
      return { configurations: answer.responseBody.map((body: unknown) => configurationOf(body, name)) };
    },
    create: async (document) => {
      const answer = await call(`create configuration ${document.id}`, configurationPace, () =>
        registry.addConfiguration(bodyOf(document)),
      );
      return configurationOf(answer.responseBody, name);
    },
    replace: async (document, etag) => {
      const body = { ...bodyOf(document), etag };
      const answer = await call(`replace configuration ${document.id}`, configurationPace, () =>
        registry.updateConfiguration(body),
      );
      return configurationOf(answer.responseBody, name);
    },
    count: async (query) => {
      const counts: Record<string, number> = {};
      const pages = registry.createQuery(query);
      do {
        const page = await read("count devices", queryPace, () =>
          // Without its token the SDK starts at the first page again, for ever (azure-iothub 1.16.6).
          pages.next(pages.continuationToken),
        );
        // The SDK types rows as twins; an aggregate's rows are what the query names.
        for (const row of rowsOf(page.result, name)) {
          const stratum =
            row.stratum === undefined || row.stratum === null || row.stratum === ""
              ? "other"
              : String(row.stratum);
          counts[stratum] = (counts[stratum] ?? 0) + row.devices;
        }
      } while (pages.hasMoreResults);
      return counts;
    },
    deviceIds: async (query, most) => {
      const pages = registry.createQuery(query, most);
      const ids: string[] = [];
      do {
        const page = await read("name devices", queryPace, () => pages.next(pages.continuationToken));
        ids.push(...namesSchema.parse(page.result).map(({ deviceId }) => deviceId));
      } while (pages.hasMoreResults && ids.length < most);
      return ids.slice(0, most);
    },
  };
}

const namesSchema = z.array(z.object({ deviceId: z.string() }));

function rowsOf(result: unknown, hub: string): z.output<typeof rowSchema>[] {
  const parsed = z.array(rowSchema).safeParse(result);
  if (parsed.success) return parsed.data;
  throw new WavegateError("HUB_FAILED", `${hub} counted devices by something that is no stratum`, {
    hint: "tags.rollout.stratum has to be a text on every device: look for one that is an object",
    cause: parsed.error,
  });
}

type Pace = () => Promise<void>;

/** Wait for one's turn, so that the hub has no reason to refuse; on the clock the hub's limits live by. */
function pace(clock: ClockPort, callsPerMinute: number): Pace {
  let bucket: TokenBucket = fullBucket(callsPerMinute, clock.now());
  return async () => {
    const taken = takeToken(bucket, clock.now());
    bucket = taken.bucket;
    if (taken.waitMs > 0) await clock.sleep(taken.waitMs);
  };
}

const retries = retry(
  handleWhen(
    (error) =>
      error instanceof WavegateError &&
      ["HUB_THROTTLED", "HUB_FAILED", "HUB_UNREACHABLE"].includes(error.code),
  ),
  { maxAttempts: READ_ATTEMPTS - 1, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 5_000 }) },
);

async function withinTime<T>(answer: Promise<T>, what: string, hub: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = "run the command again: it looks anew at what took effect";
      reject(
        new WavegateError(
          "HUB_UNREACHABLE",
          `${what} on ${hub}: no answer within ${CALL_TIMEOUT_MS / 1_000} seconds`,
          { hint },
        ),
      );
    }, CALL_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function bodyOf(document: ConfigurationDocument): SdkConfiguration {
  const { id, labels, content, condition, priority, metrics } = document;
  return {
    id,
    schemaVersion: "1.0",
    labels: { ...labels },
    content: { deviceContent: { ...content } },
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
    content: content?.deviceContent ?? {},
    condition: targetCondition ?? "",
    priority: priority ?? 0,
    metrics: metrics?.queries ?? {},
    metricResults: metrics?.results ?? {},
    etag,
    createdTimeUtc,
  };
}
