import type { StoreView } from "../engine/observation.ts";
import { refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Listing } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import { headOf } from "../model/labels.ts";
import type { Look } from "../model/look.ts";
import { WavegateError, type Code } from "../model/problem.ts";
import { isJudged, type RolloutRecord } from "../model/record.ts";
import type { RecordPort } from "./ports.ts";

const UNREADABLE: readonly Code[] = ["RECORD_STORE_FAILED", "STORE_FORMAT"];

/** Read what the store holds about one product; undefined while it does not answer. */
export async function readStore(input: {
  readonly records: RecordPort;
  readonly product: string;
  readonly hub: string;
  readonly listing: Listing;
}): Promise<StoreView | undefined> {
  const { records, product, hub, listing } = input;
  try {
    const named = headOf(findConfiguration(listing, refId(product))?.labels ?? {});
    const taken = await records.takenMark(product, hub);
    const chain = named === undefined ? undefined : await readChain(records, product, named);
    const head = chain?.[0];
    return {
      head,
      stopIds: new Set(chain?.flatMap(({ record }) => record.stops.map(({ id }) => id)) ?? []),
      taken,
      takenIs: await placeOf({ records, product, taken, chain }),
      tombstones: await records.tombstones(product),
      approvals: (chain ?? [])
        .toReversed()
        .flatMap(({ record: { subject, approval } }) =>
          subject === null || approval === undefined ? [] : [{ attempt: subject, approval }],
        ),
      looks: await readLooks(records, product, head?.record).catch(lostLooks),
    };
  } catch (error) {
    // A store that does not answer, or holds what we cannot read, blocks widening, never a stop; a broken chain reads as
    // an absent head.
    if (error instanceof WavegateError && UNREADABLE.includes(error.code)) return undefined;
    throw error;
  }
}

/** Looks that cannot be read cost power, never validity: the gate judges what it can see now. */
function lostLooks(error: unknown): StoreView["looks"] {
  if (error instanceof WavegateError && UNREADABLE.includes(error.code)) return new Map();
  throw error;
}

/** A record with its name. */
export interface NamedRecord {
  readonly digest: Digest;
  readonly record: RolloutRecord;
}

/** The chain of a head, newest first; undefined when a link is missing or broken. */
export async function readChain(
  records: RecordPort,
  product: string,
  head: Digest,
): Promise<readonly NamedRecord[] | undefined> {
  const chain: NamedRecord[] = [];
  let next: Digest | null = head;
  while (next !== null) {
    const record: RolloutRecord | undefined = await wholeRecord(records, product, next);
    if (record === undefined) return undefined;
    chain.push({ digest: next, record });
    next = record.parent;
  }
  return chain;
}

async function wholeRecord(
  records: RecordPort,
  product: string,
  digest: Digest,
): Promise<RolloutRecord | undefined> {
  try {
    return await records.getRecord(product, digest);
  } catch (error) {
    if (error instanceof WavegateError && error.code === "RECORD_BROKEN") return undefined;
    throw error;
  }
}

async function placeOf(input: {
  readonly records: RecordPort;
  readonly product: string;
  readonly taken: Digest | undefined;
  readonly chain: readonly NamedRecord[] | undefined;
}): Promise<StoreView["takenIs"]> {
  const { records, product, taken, chain } = input;
  const head = chain?.[0]?.digest;
  if (taken === undefined || head === undefined) return "absent";
  if (taken === head) return "head";
  if (chain?.some(({ digest }) => digest === taken)) return "behind";
  const marked = await readChain(records, product, taken);
  return marked?.some(({ digest }) => digest === head) ? "ahead" : "elsewhere";
}

async function readLooks(
  records: RecordPort,
  product: string,
  record: RolloutRecord | undefined,
): Promise<ReadonlyMap<AttemptId, readonly Look[]>> {
  const looks = new Map<AttemptId, readonly Look[]>();
  for (const { attempt } of record?.intents.filter(isJudged) ?? [])
    looks.set(attempt, await records.looks(product, attempt));
  return looks;
}
