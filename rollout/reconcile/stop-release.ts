import { randomBytes } from "node:crypto";
import { parseAttemptId, refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Listing } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { headOf, LABEL, slotOf } from "../model/labels.ts";
import { WavegateError } from "../model/problem.ts";
import { makeStop, type Stop } from "../model/stop.ts";
import { enforceStop } from "./act.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { readChain } from "./store-view.ts";

/** A stop in force. */
export interface StopResult {
  readonly stop: Stop;
  /** Writes it took; 0: it stood already. */
  readonly writes: number;
}

/**
 * Stop a product's release: the one that is named, else the newest that devices are exposed to above its baseline. An
 * abort takes its devices back, a hold leaves them where they are. Acts first and needs nothing but the hub: any later
 * run records it.
 */
export async function stopRelease(
  input: {
    readonly kind: Stop["kind"];
    readonly product: string;
    readonly version?: string;
    readonly actor: string;
    readonly reason: string;
  },
  { hub, records, clock }: Pick<ReconcilePorts, "hub" | "records" | "clock">,
): Promise<StopResult> {
  const { kind, product, actor, reason } = input;
  const listing = await hub.list();
  const attempt = await attemptToStop(input, listing, records);
  const standing = slotOf(findConfiguration(listing, attempt)?.labels ?? {}, attempt);
  const stop =
    standing !== undefined && (standing.kind === "abort" || kind === "hold")
      ? standing
      : makeStop({
          kind,
          attempt,
          release: findConfiguration(listing, attempt)?.labels[LABEL.release] ?? "",
          actor,
          at: isoInstant(Math.floor(clock.now())),
          reason,
          nonce: randomBytes(8).toString("hex"),
        });
  const { writes } = await enforceStop({ product, stop, first: listing }, { hub, records });
  return { stop, writes };
}

async function attemptToStop(
  { product, version }: { readonly product: string; readonly version?: string },
  listing: Listing,
  records: ReconcilePorts["records"],
): Promise<AttemptId> {
  const own = listing.configurations
    .filter(
      ({ labels }) =>
        labels[LABEL.product] === product &&
        labels[LABEL.kind] === "release" &&
        labels[LABEL.adopted] !== "yes",
    )
    .filter(({ labels }) => version === undefined || labels[LABEL.version] === version)
    .sort((a, b) => b.priority - a.priority);
  const judged = await underWay(product, listing, records);
  const chosen = own.find(({ id, condition }) =>
    judged === undefined || version !== undefined ? condition !== "" : judged.has(id),
  );
  const attempt = parseAttemptId(chosen?.id);
  if (attempt !== undefined) return attempt;
  const what =
    version === undefined ? `${product} has no release under way` : `${product} ${version} exposes no device`;
  throw new WavegateError("NOTHING_TO_STOP", what, { hint: `see what runs: wavegate status ${product}` });
}

/** Attempts that are running, held or watched, by the head record; undefined when the store cannot tell. */
async function underWay(
  product: string,
  listing: Listing,
  records: ReconcilePorts["records"],
): Promise<ReadonlySet<string> | undefined> {
  const head = headOf(findConfiguration(listing, refId(product))?.labels ?? {});
  if (head === undefined) return undefined;
  try {
    const chain = await readChain(records, product, head);
    const intents = chain?.[0]?.record.intents;
    return (
      intents &&
      new Set(
        intents
          .filter(({ state }) => state === "running" || state === "held" || state === "watching")
          .map(({ attempt }) => attempt),
      )
    );
  } catch (error) {
    if (error instanceof WavegateError) return undefined;
    throw error;
  }
}
