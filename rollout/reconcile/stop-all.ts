import { parseAttemptId, productOf } from "../model/attempt.ts";
import type { Configuration, Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { WavegateError, type Code } from "../model/problem.ts";
import type { StopKind } from "../model/stop.ts";
import { attemptOf, listingsOf } from "../engine/found.ts";
import type { HubView } from "../engine/observation.ts";
import { reachesEveryone } from "../plan/cover.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { listHubs } from "./list-hubs.ts";
import { headIntents, stopRelease, type StopResult } from "./stop-release.ts";

/** What became of one product. */
export type StoppedProduct =
  | ({ readonly kind: "stopped"; readonly product: string; readonly note?: string } & StopResult)
  | { readonly kind: "failed"; readonly product: string; readonly code: Code; readonly message: string };

/** What became of all of them. */
export interface StoppedLine {
  readonly products: readonly StoppedProduct[];
  /** Hubs that did not answer and that no product names as missed: what is under way there is not known. */
  readonly unseen: readonly string[];
}

/**
 * Stop every product's release under way, with the hub alone: the widest exposure first, and on past every single
 * failure. Completed releases are left alone. Where the records cannot be read, a release that reaches everyone may be
 * what the fleet runs for good: it is held, never taken back, whatever was asked.
 */
export async function stopAll(
  input: { readonly kind: "hold" | "abort"; readonly actor: string; readonly reason: string },
  ports: Pick<ReconcilePorts, "hubs" | "records" | "clock">,
): Promise<StoppedLine> {
  const seen = await listHubs(ports.hubs, { urgent: true });
  const results: StoppedProduct[] = [];
  for (const product of productsByExposure(listingsOf({ hubs: seen }))) {
    try {
      const target = await targetOf(product, input.kind, seen, ports.records);
      if (target === undefined) continue;
      const { note, ...meant } = target;
      const stopped = await stopRelease({ ...input, ...meant, product }, ports);
      results.push({ kind: "stopped", product, ...stopped, ...(note === undefined ? {} : { note }) });
    } catch (error) {
      if (!(error instanceof WavegateError)) throw error;
      if (error.code === "NOTHING_TO_STOP") continue;
      results.push({ kind: "failed", product, code: error.code, message: error.message });
    }
  }
  const missed = new Set(
    results.flatMap((result) => (result.kind === "stopped" ? result.missed.map(({ hub }) => hub) : [])),
  );
  const unseen = seen.filter(({ name, listing }) => listing === undefined && !missed.has(name));
  return { products: results, unseen: unseen.map(({ name }) => name) };
}

/** Products that have a configuration of ours, by the devices that answer the widest of their releases. */
function productsByExposure(listings: readonly Listing[]): readonly string[] {
  const exposure = new Map<string, number>();
  for (const { id, condition, metricResults } of listings.flatMap(({ configurations }) => configurations)) {
    // By name, not by label: labels can be edited.
    const attempt = parseAttemptId(id);
    if (attempt === undefined) continue;
    const product = productOf(attempt);
    const devices = condition === "" ? 0 : (metricResults["contacted"] ?? 0);
    exposure.set(product, Math.max(exposure.get(product) ?? 0, devices));
  }
  return [...exposure].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([product]) => product);
}

interface Target {
  readonly kind: StopKind;
  readonly version?: string;
  readonly note?: string;
}

async function targetOf(
  product: string,
  kind: "hold" | "abort",
  seen: readonly HubView[],
  records: ReconcilePorts["records"],
): Promise<Target | undefined> {
  const intents = await headIntents(product, seen, records);
  if (intents !== undefined) {
    const meant = intents.findLast(
      ({ state }) => state === "running" || (state === "held" && kind === "abort"),
    );
    return meant === undefined ? undefined : { kind, version: meant.version };
  }
  const widest = exposing(product, listingsOf({ hubs: seen }));
  if (widest === undefined) return undefined;
  if (kind === "hold" || !reachesEveryone(widest.condition, product)) return { kind };
  const note = `held, not aborted: the records cannot be read, and it may be what the fleet runs for good; to take it back: wavegate abort ${product} --reason "..."`;
  return { kind: "hold", note };
}

function exposing(product: string, listings: readonly Listing[]): Configuration | undefined {
  return listings
    .flatMap(({ configurations }) => configurations)
    .filter((one) => attemptOf(one, product) !== undefined)
    .filter(({ condition, labels }) => condition !== "" && labels[LABEL.adopted] !== "yes")
    .toSorted((a, b) => b.priority - a.priority)[0];
}
