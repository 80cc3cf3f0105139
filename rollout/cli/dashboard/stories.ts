import type { NamedRecord } from "../../engine/observation.ts";
import type { AttemptId } from "../../model/attempt.ts";
import type { Digest } from "../../model/digest.ts";
import type { Look } from "../../model/look.ts";
import { isJudged, isRolledOut } from "../../model/record.ts";
import { harmBands, type HarmBands } from "../../page/harm-bands.ts";
import { storyOf, type Live, type ProductStory } from "../../page/story.ts";
import type { RecordPort } from "../../reconcile/ports.ts";
import { readChain } from "../../reconcile/store-view.ts";
import type { Refresh, Watched } from "../../reconcile/watch.ts";

/** Tells the stories of products again and again; what cannot change any more is read and worked out once. */
export function storyTeller({
  records,
  hub,
}: {
  readonly records: RecordPort;
  /** Name of the hub whose mark names the head while no hub answers. */
  readonly hub: string;
}): (products: readonly string[], refresh: Refresh | undefined) => Promise<readonly ProductStory[]> {
  const known = rememberingRecords(records);
  const ended = new Map<AttemptId, readonly Look[]>();
  const bands = new Map<AttemptId, HarmBands | undefined>();
  const looksOf = async (
    product: string,
    chain: readonly NamedRecord[],
  ): Promise<Map<AttemptId, readonly Look[]>> => {
    const found = new Map<AttemptId, readonly Look[]>();
    for (const intent of chain[0]?.record.intents.filter(isRolledOut) ?? []) {
      const { attempt } = intent;
      const looks = ended.get(attempt) ?? (await records.looks(product, attempt));
      // Nobody looks at it any more: no look will be added.
      if (!isJudged(intent) && intent.state !== "rolling back") ended.set(attempt, looks);
      found.set(attempt, looks);
    }
    return found;
  };
  const bandsOf: typeof harmBands = (course, earlier) => {
    const { attempt } = course;
    if (!bands.has(attempt)) bands.set(attempt, harmBands(course, earlier));
    return bands.get(attempt);
  };
  return (products, refresh) =>
    Promise.all(
      products.map(async (product) => {
        const overview = refresh?.products.find((one) => one.product === product);
        const head = overview?.head ?? (await records.takenMark(product, hub));
        const chain = head === undefined ? [] : ((await readChain(known, product, head)) ?? []);
        const live = overview === undefined ? undefined : liveOf(overview);
        return storyOf({ product, chain, looks: await looksOf(product, chain), live, bandsOf });
      }),
    );
}

/** Of what a look found, what the records do not hold. */
function liveOf({ at, versions, next, outlook, exposure, hubs, dueSince }: Watched): Live {
  return {
    ...{ at, versions, next, hubs },
    ...(outlook === undefined ? {} : { outlook }),
    ...(exposure === undefined ? {} : { exposure }),
    ...(dueSince === undefined ? {} : { dueSince }),
  };
}

/** Records never change: each is read once. */
function rememberingRecords(records: RecordPort): Pick<RecordPort, "getRecord"> {
  const found = new Map<Digest, Awaited<ReturnType<RecordPort["getRecord"]>>>();
  return {
    getRecord: async (product, digest) => {
      const record = found.get(digest) ?? (await records.getRecord(product, digest));
      if (record !== undefined) found.set(digest, record);
      return record;
    },
  };
}
