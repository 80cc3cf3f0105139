import type { NamedRecord } from "../../engine/observation.ts";
import type { Status } from "../../engine/step.ts";
import type { Digest } from "../../model/digest.ts";
import type { Notice } from "../../model/notice.ts";
import type { Problem } from "../../model/problem.ts";
import type { Stop } from "../../model/stop.ts";
import { parseCursor, type Cursor } from "./cursor.ts";
import { noticeOfStop, noticeOfWaiting, noticesOfRecord } from "./notices-of.ts";

// What one channel has not been told of one product: pure, from its cursor, the chain of records and what a run found.

/** What a run found out about one product. */
export interface News {
  readonly product: string;
  /** Epoch ms by the rollout's clock. */
  readonly at: number;
  /** Stops that the run carried out. */
  readonly stops: readonly Stop[];
  readonly status?: Status | undefined;
  readonly problems?: readonly Problem[] | undefined;
  /** The head before the first record of this run: where a channel begins that was never told anything; absent: the run recorded nothing. */
  readonly headBefore?: Digest | null | undefined;
}

/** Most notices that a channel gets at once: after a long silence of its own the oldest are counted, not sent. */
export const MOST_AT_ONCE = 20;

/** Where a channel goes on: at its cursor, or, without one that means anything, at the head that this run found. */
export function beginning(
  stored: string | undefined,
  { chain, news }: { readonly chain: readonly NamedRecord[]; readonly news: News },
  warn: (why: string) => void,
): Cursor {
  const isInChain = (head: Digest | null): boolean =>
    head === null || chain.some(({ digest }) => digest === head);
  const now = chain[0]?.digest ?? null;
  const { headBefore = now } = news;
  const fresh: Cursor = { head: isInChain(headBefore) ? headBefore : now, sent: [] };
  if (stored === undefined) return fresh;
  const cursor = parseCursor(stored);
  if (cursor !== undefined && isInChain(cursor.head)) return cursor;
  warn("its cursor is not in the chain of records: it goes on at the head");
  return { ...fresh, sent: cursor?.sent ?? [] };
}

/** A notice of a record that is to be told. */
export interface Pending {
  readonly notice: Notice;
  readonly named: NamedRecord;
  /** Whether the record is told with it: one may have several notices. */
  readonly isLast: boolean;
}

/** What was recorded since and is wanted, the oldest first. */
export function pending(
  { head, sent }: Cursor,
  chain: readonly NamedRecord[],
  wants: (notice: Notice) => boolean,
): readonly Pending[] {
  const from = head === null ? chain.length : chain.findIndex(({ digest }) => digest === head);
  const all = chain
    .slice(0, from)
    .toReversed()
    .flatMap((named) =>
      noticesOfRecord(named)
        .filter((notice) => wants(notice) && !sent.includes(notice.id))
        .map((notice, index, { length }): Pending => ({ notice, named, isLast: index === length - 1 })),
    );
  const [first, ...rest] = all.slice(-MOST_AT_ONCE);
  const leftOut = all.length - MOST_AT_ONCE;
  if (first === undefined || leftOut <= 0) return all;
  return [{ ...first, notice: { ...first.notice, leftOut } }, ...rest];
}

/** What no record tells: stops that are not in the chain yet, and that a person is needed. */
export function ahead(news: News, chain: readonly NamedRecord[]): readonly Notice[] {
  const { product, at, stops, status, problems } = news;
  const recorded = new Set(chain.flatMap(({ record }) => record.stops.map(({ id }) => id)));
  const [head] = chain;
  const waiting = noticeOfWaiting(product, { status, problems }, { head, at });
  return [
    ...stops
      .filter(({ id }) => !recorded.has(id))
      .map((stop) => noticeOfStop(product, stop, head?.record.intents)),
    ...(waiting === undefined ? [] : [waiting]),
  ];
}
