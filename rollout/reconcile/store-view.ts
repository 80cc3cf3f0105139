import type { HubView, NamedRecord, RefView, StoreView } from "../engine/observation.ts";
import { refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
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
  readonly hubs: readonly HubView[];
}): Promise<StoreView | undefined> {
  const { records, product, hubs } = input;
  try {
    const chains = new Map<string, Chain>();
    for (const hub of hubs) {
      if (hub.listing === undefined) continue;
      const ref = findConfiguration(hub.listing, refId(product));
      const named = headOf(ref?.labels ?? {});
      const chain = named === undefined ? undefined : await readChain(records, product, named);
      chains.set(hub.name, { isThere: ref !== undefined, chain });
    }
    const furthest = furthestOf([...chains.values()].flatMap(({ chain }) => (chain ? [chain] : [])));
    const head = furthest?.[0];
    const refs = new Map<string, RefView>();
    for (const [hub, chain] of chains) {
      const taken = await records.takenMark(product, hub);
      refs.set(hub, await refView({ records, product, taken, ...chain, furthest }));
    }
    return {
      head,
      stopIds: new Set(furthest?.flatMap(({ record }) => record.stops.map(({ id }) => id)) ?? []),
      conditions: conditionsOf(furthest ?? [], [...refs.values()]),
      refs,
      tombstones: await records.tombstones(product),
      approvals: (furthest ?? [])
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

/** The chain of a head, newest first; undefined when a link is missing or broken. */
export async function readChain(
  records: Pick<RecordPort, "getRecord">,
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

/** What one hub's ref leads to. */
interface Chain {
  readonly isThere: boolean;
  /** undefined: the ref is absent, names nothing, or its chain has a gap. */
  readonly chain: readonly NamedRecord[] | undefined;
}

/** The longest of the chains; where two are equally long the first hub's. */
function furthestOf(chains: readonly (readonly NamedRecord[])[]): readonly NamedRecord[] | undefined {
  return chains.reduce<readonly NamedRecord[] | undefined>(
    (longest, chain) => (longest === undefined || chain.length > longest.length ? chain : longest),
    undefined,
  );
}

/** What a hub has no mark of was not acted on yet; one with a mark out of this line had all of it, or went back. */
function conditionsOf(chain: readonly NamedRecord[], refs: readonly RefView[]): StoreView["conditions"] {
  const marks = refs.flatMap(({ taken }) => taken ?? []);
  const isBeyond = marks.some((mark) => !chain.some(({ digest }) => digest === mark));
  const acted = isBeyond ? 0 : chain.findIndex(({ digest }) => marks.includes(digest));
  const records = acted < 0 ? [] : chain.slice(acted);
  const conditions = new Map<AttemptId, string[]>();
  for (const { attempt, condition } of records.flatMap(({ record }) => record.intents)) {
    const known = conditions.get(attempt) ?? [];
    if (condition !== "" && !known.includes(condition)) conditions.set(attempt, [...known, condition]);
  }
  return conditions;
}

async function refView(input: {
  readonly records: RecordPort;
  readonly product: string;
  readonly taken: Digest | undefined;
  readonly isThere: boolean;
  readonly chain: readonly NamedRecord[] | undefined;
  readonly furthest: readonly NamedRecord[] | undefined;
}): Promise<RefView> {
  const { records, product, taken, isThere, chain, furthest } = input;
  if (!isThere) {
    const record = taken === undefined ? undefined : await wholeRecord(records, product, taken);
    const before = taken === undefined || record === undefined ? {} : { before: { digest: taken, record } };
    return { place: "absent", taken, takenIs: "absent", ...before };
  }
  const own = chain?.[0]?.digest;
  if (own === undefined) return { place: "broken", taken, takenIs: "absent" };
  const place =
    own === furthest?.[0]?.digest
      ? "head"
      : furthest?.some(({ digest }) => digest === own) === true
        ? "behind"
        : "elsewhere";
  if (taken === undefined) return { place, taken, takenIs: "absent" };
  if (taken === own) return { place, taken, takenIs: "head" };
  if (chain?.some(({ digest }) => digest === taken) === true) return { place, taken, takenIs: "behind" };
  const marked = await readChain(records, product, taken);
  const [before] = marked ?? [];
  return before !== undefined && marked?.some(({ digest }) => digest === own) === true
    ? { place, taken, takenIs: "ahead", before }
    : { place, taken, takenIs: "elsewhere" };
}

async function wholeRecord(
  records: Pick<RecordPort, "getRecord">,
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

/** Looks that cannot be read cost power, never validity: the gate judges what it can see now. */
function lostLooks(error: unknown): StoreView["looks"] {
  if (error instanceof WavegateError && UNREADABLE.includes(error.code)) return new Map();
  throw error;
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
