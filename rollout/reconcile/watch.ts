import type { Exposure } from "../engine/exposure.ts";
import type { AttemptId } from "../model/attempt.ts";
import type { HubTier } from "../model/hub-limits.ts";
import type { WavegateError } from "../model/problem.ts";
import { isJudged } from "../model/record.ts";
import type { Declared } from "../plan/declared.ts";
import { refreshPauseMs } from "../plan/refresh-pause.ts";
import { wasTakenBack } from "./apply.ts";
import { glanceAt } from "./glance.ts";
import { listHubs } from "./list-hubs.ts";
import { isInterruption, isWeather, MOST_TROUBLES, waited } from "./look-again.ts";
import { overviewOf, type Overview, type SeenProduct } from "./overview.ts";
import type { ReconcilePorts } from "./reconcile.ts";

/** How a rollout that somebody else drives is watched. */
export interface WatchOptions {
  readonly everyMs: number;
  /** The smallest of the hubs: its limits say how often one may look. */
  readonly hub: { readonly tier: HubTier; readonly units: number };
  readonly signal: AbortSignal;
  readonly onRefresh: (refresh: Refresh) => void;
  readonly onTrouble: (trouble: { readonly at: number; readonly error: WavegateError }) => void;
}

/** One refresh. */
export interface Refresh {
  readonly at: number;
  readonly products: readonly Watched[];
  /** How it ended; absent while it goes on. */
  readonly outcome?: Exclude<WatchOutcome, "interrupted">;
  /** Time to the next refresh, where it goes on: longer than asked for where the hub's limits want it. */
  readonly nextInMs?: number;
}

/** One product, as a refresh found it. */
export interface Watched extends Overview {
  /** Epoch ms of the first refresh in a row at which the next run had something to do. */
  readonly dueSince?: number;
}

/** Why it ended. */
export type WatchOutcome = "done" | "aborted" | "held" | "interrupted";

/** Queries that a tally may take: one an outcome where the hub groups by one key. */
const QUERIES_OF = { count: 1, tally: 3 } as const;

/**
 * Look again and again, by reads alone, until nothing is under way, or a person is needed: one listing for all products,
 * and the counts of a look each. A first look that fails is an error, not weather.
 */
export async function watch(
  products: readonly Declared[],
  ports: WatchPorts,
  options: WatchOptions,
): Promise<WatchOutcome> {
  const { clock } = ports;
  const look = watcher(ports);
  let troubles = 0;
  let looked = false;
  for (;;) {
    let pauseMs = options.everyMs;
    try {
      const { queries, ...refresh } = await look(products);
      looked = true;
      troubles = 0;
      if (refresh.outcome !== undefined) {
        options.onRefresh(refresh);
        return refresh.outcome;
      }
      pauseMs = Math.max(pauseMs, refreshPauseMs({ queries, listings: 1 }, options.hub));
      options.onRefresh({ ...refresh, nextInMs: pauseMs });
    } catch (error) {
      if (isInterruption(error)) return "interrupted";
      troubles += 1;
      if (!isWeather(error) || !looked || troubles > MOST_TROUBLES) throw error;
      pauseMs = Math.max(pauseMs, error.retryAfterMs ?? 0);
      options.onTrouble({ at: clock.now(), error });
    }
    if (!(await waited(clock, pauseMs, options.signal))) return "interrupted";
  }
}

/** Looks at products, by reads alone, as often as it is called; it remembers what need not be asked again. */
export function watcher(
  ports: WatchPorts,
): (products: readonly Declared[]) => Promise<Refresh & { readonly queries: number }> {
  const memory: Memory = { seen: new Set(), exposures: new Map(), due: new Map() };
  return (products) => refreshed(products, ports, memory);
}

/** What it takes to look. */
export type WatchPorts = ReconcilePorts & { readonly settings: { readonly queryLag: number } };

/** What is kept from one refresh to the next. */
interface Memory {
  /** Releases that were under way at some refresh. */
  readonly seen: Set<AttemptId>;
  /** Exposure by where a release stood when it was counted: it changes with the waves, not with time. */
  readonly exposures: Map<string, { readonly place: string; readonly exposure: Exposure }>;
  readonly due: Map<string, number>;
}

async function refreshed(
  products: readonly Declared[],
  ports: WatchPorts,
  memory: Memory,
): Promise<Refresh & { readonly queries: number }> {
  const hubs = await listHubs(ports.hubs);
  const at = Math.floor(ports.clock.now());
  let queries = 0;
  const asked = (kind: keyof typeof QUERIES_OF): void => {
    queries += QUERIES_OF[kind];
  };
  const found: Watched[] = [];
  const rests: ("done" | "held" | "going on")[] = [];
  let isTakenBack = false;
  for (const declared of products) {
    const { product } = declared;
    const seen = await glanceAt(declared, { hubs, at }, ports, asked);
    const place = placeOf(seen);
    const known = memory.exposures.get(product);
    const overview = await overviewOf(seen, ports, {
      exposure: known?.place === place ? known.exposure : undefined,
      asked: () => {
        asked("count");
      },
    });
    const { exposure } = overview;
    if (exposure !== undefined) memory.exposures.set(product, { place, exposure });
    if (seen.next !== undefined) memory.due.delete(product);
    else memory.due.set(product, memory.due.get(product) ?? at);
    const dueSince = memory.due.get(product);
    found.push({ ...overview, ...(dueSince === undefined ? {} : { dueSince }) });
    if (wasTakenBack(seen.observation, memory.seen)) isTakenBack = true;
    rests.push(restOf(seen));
  }
  const isOver = rests.every((rest) => rest !== "going on");
  const outcome = isTakenBack ? "aborted" : rests.includes("held") ? "held" : "done";
  return { at, products: found, queries, ...(isOver ? { outcome } : {}) };
}

/** Whether there is anything left to watch: as `apply` ends. */
function restOf({ next }: SeenProduct): "done" | "held" | "going on" {
  if (next === undefined) return "going on";
  if (next.needsPerson) return "held";
  return next.phase === "idle" || next.phase === "watching" ? "done" : "going on";
}

function placeOf({ observation }: SeenProduct): string {
  const intents = observation.store?.head?.record.intents ?? [];
  return intents
    .filter(isJudged)
    .map(({ attempt, wave, part }) => `${attempt} ${wave} ${part}`)
    .join(",");
}
