import { z } from "zod";
import { stampPatch } from "../model/twin-contract.ts";
import type { DeviceTwinsPort, TwinTags } from "../reconcile/ports.ts";
import { hubAnswer } from "./hub-answer.ts";
import type { Registry } from "./registry.ts";
import { singleCall } from "./single-call.ts";

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
      const rows = hubAnswer(z.array(twinSchema), answer.result, { hub, what: "list of twins" });
      const twins = rows.map(twinOf);
      const { continuationToken } = query;
      return query.hasMoreResults ? { twins, next: continuationToken } : { twins };
    },
    read: async (deviceId) => {
      const answer = await call(`read the twin of ${shown(deviceId)}`, () => registry.getTwin(deviceId));
      return twinOf(hubAnswer(twinSchema, answer.responseBody, { hub, what: "twin" }));
    },
    stamp: async ({ deviceId, etag, bucket }) => {
      await call(`write the bucket of ${shown(deviceId)}`, () =>
        registry.updateTwin(deviceId, stampPatch(bucket), etag),
      );
    },
  };
}

function twinOf({ deviceId, etag, tags }: z.output<typeof twinSchema>): TwinTags {
  return { deviceId, tags, ...(etag === undefined || etag === null ? {} : { etag }) };
}

/** An id as it can stand in a message: ids may hold quotes. */
function shown(deviceId: string): string {
  return JSON.stringify(deviceId);
}
