import { z } from "zod";
import { WavegateError } from "../model/problem.ts";
import { stampPatch } from "../model/twin-contract.ts";
import type { DeviceTwinsPort, TwinTags } from "../reconcile/ports.ts";
import { singleCall } from "./single-call.ts";
import type { Registry } from "./registry.ts";

const twinSchema = z.object({
  deviceId: z.string(),
  etag: z.string().nullish(),
  tags: z.unknown(),
});

/** Twins through Microsoft's service SDK: neither paced nor retried here. */
export function deviceTwins({
  registry,
  hub,
}: {
  readonly registry: Registry;
  readonly hub: string;
}): DeviceTwinsPort {
  const call = <T>(what: string, run: () => Promise<T>): Promise<T> => singleCall(run, { what, hub });
  return {
    page: async (condition, next) => {
      const query = registry.createQuery(`SELECT deviceId, etag, tags FROM devices WHERE ${condition}`);
      const answer = await call("list devices", () => query.next(next ?? query.continuationToken));
      // The SDK types its rows as anything; a projection's rows are what the query names.
      const twins = (answer.result as readonly unknown[]).map((row) => twinOf(row, hub));
      const { continuationToken } = query;
      return query.hasMoreResults ? { twins, next: continuationToken } : { twins };
    },
    read: async (deviceId) => {
      const answer = await call(`read the twin of ${shown(deviceId)}`, () => registry.getTwin(deviceId));
      return twinOf(answer.responseBody, hub);
    },
    stamp: async ({ deviceId, etag, bucket }) => {
      await call(`write the bucket of ${shown(deviceId)}`, () =>
        registry.updateTwin(deviceId, stampPatch(bucket), etag),
      );
    },
  };
}

function twinOf(body: unknown, hub: string): TwinTags {
  const parsed = twinSchema.safeParse(body);
  if (parsed.success) {
    const { deviceId, etag, tags } = parsed.data;
    return { deviceId, tags, ...(etag === undefined || etag === null ? {} : { etag }) };
  }
  throw new WavegateError("HUB_FAILED", `${hub} answered with something that is no twin`, {
    hint: "run the command again",
    cause: parsed.error,
  });
}

/** An id as it can stand in a message: ids may hold quotes. */
function shown(deviceId: string): string {
  return JSON.stringify(deviceId);
}
