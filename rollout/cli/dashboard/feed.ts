import { setTimeout as wait } from "node:timers/promises";
import { WavegateError } from "../../model/problem.ts";
import type { ProductStory } from "../../page/story.ts";
import type { Refresh } from "../../reconcile/watch.ts";
import type { ClockPort } from "../../reconcile/ports.ts";

/** What is known at an instant: what everybody who reads is shown. */
export interface Shown {
  /** Grows by one with every change. */
  readonly version: number;
  /** Epoch ms of the look, by the rollout's clock; absent where only records could be read. */
  readonly at?: number;
  readonly products: readonly ProductStory[];
  /** Why the last look failed; absent when it did not. */
  readonly trouble?: { readonly code: string; readonly message: string };
  /** What was decided since the version before, in sentences. */
  readonly news: readonly string[];
}

/** Looks at the fleet while somebody reads, and tells them. */
export interface Feed {
  /** What is known now; looks first where nothing is, or where nobody has read for a while. */
  current(): Promise<Shown>;
  /** Be told of every change; returns how to end that. */
  subscribe(onChange: (shown: Shown) => void): () => void;
  /** Look as soon as the hub's budget allows: somebody just acted. */
  lookSoon(): void;
  /** Look until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** What the feed looks with. */
export interface FeedSources {
  readonly clock: ClockPort;
  /** Look at the hubs, by reads alone. */
  readonly look: () => Promise<Refresh & { readonly queries: number }>;
  /** The stories of what a look found, or, without one, of the records alone. */
  readonly tell: (refresh: Refresh | undefined) => Promise<readonly ProductStory[]>;
  /** Something that changes when somebody records a decision; costs no call of a hub. */
  readonly mark: () => Promise<string>;
  /** Shortest time after a look of so many queries that its cost to the hub allows, ms by the rollout's clock. */
  readonly pauseMs: (queries: number) => number;
  /** Time between two looks when nothing is recorded meanwhile, ms by the rollout's clock. */
  readonly everyMs: number;
}

/** Real ms between two thoughts about looking: no page is drawn oftener, however fast the rollout's clock. */
const TICK_MS = 1_000;
/** Of so many ticks one reads the marks in the record store. */
const TICKS_A_MARK = 4;
/** Real ms for which somebody who asked once counts as reading. */
const READING_MS = 60_000;

/** Make a feed; it does nothing until it is run, and asks the hub nothing while nobody reads. */
export function createFeed(sources: FeedSources): Feed {
  const { clock, look, tell, mark, pauseMs, everyMs } = sources;
  const readers = new Set<(shown: Shown) => void>();
  let shown: Shown | undefined;
  let lastAsked = -Infinity;
  let isWanted = false;
  let due = -Infinity;
  let earliest = -Infinity;
  let marked = "";
  let firstLook = Promise.withResolvers<Shown>();

  const isRead = (): boolean => readers.size > 0 || performance.now() - lastAsked < READING_MS;
  const publish = (next: Omit<Shown, "version" | "news">): void => {
    shown = { ...next, version: (shown?.version ?? 0) + 1, news: newsOf(shown?.products, next.products) };
    for (const onChange of readers) onChange(shown);
    firstLook.resolve(shown);
  };
  const lookOnce = async (): Promise<void> => {
    isWanted = false;
    try {
      marked = await mark().catch(() => "");
      const refresh = await look();
      publish({ at: refresh.at, products: await tell(refresh) });
      earliest = clock.now() + pauseMs(refresh.queries);
    } catch (error) {
      if (!(error instanceof WavegateError)) throw error;
      const { code, message } = error;
      const at = shown?.at;
      // What was seen before stands, said to be old; a page that was never drawn shows the records.
      const products = shown?.products ?? (await tell(undefined).catch(() => []));
      publish({ ...(at === undefined ? {} : { at }), products, trouble: { code, message } });
      earliest = clock.now() + Math.max(pauseMs(1), error.retryAfterMs ?? 0);
    }
    due = Math.max(earliest, clock.now() + everyMs);
  };
  return {
    current: () => {
      const isOld = !isRead() && clock.now() >= due;
      lastAsked = performance.now();
      if (shown !== undefined && !isOld) return Promise.resolve(shown);
      if (shown !== undefined) firstLook = Promise.withResolvers();
      return firstLook.promise;
    },
    subscribe: (onChange) => {
      readers.add(onChange);
      return () => {
        readers.delete(onChange);
      };
    },
    lookSoon: () => {
      isWanted = true;
    },
    run: async (signal) => {
      for (let tick = 0; !signal.aborted; tick++) {
        if (isRead()) {
          const now = clock.now();
          if (tick % TICKS_A_MARK === 0 && now < due && (await mark().catch(() => marked)) !== marked)
            isWanted = true;
          if (now >= due || (isWanted && now >= earliest)) await lookOnce();
        }
        await wait(isRead() ? TICK_MS : TICK_MS / 4, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

/** Records that were not there before, the oldest first. */
function newsOf(
  before: readonly ProductStory[] | undefined,
  now: readonly ProductStory[],
): readonly string[] {
  if (before === undefined) return [];
  return now.flatMap(({ product, decisions }) => {
    const known = new Set(
      before.find((one) => one.product === product)?.decisions.map(({ digest }) => digest),
    );
    return decisions
      .filter(({ digest }) => !known.has(digest))
      .map(({ kind, version = "", reason }) => `${product}: ${`${kind} ${version}`.trim()}: ${reason}`)
      .reverse();
  });
}
