import { randomBytes } from "node:crypto";
import { attemptId, parseAttemptId, refId } from "../model/attempt.ts";
import { findConfiguration, type Listing } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { headOf, LABEL, slotOf } from "../model/labels.ts";
import { parseDigest, sha256Hex } from "../model/digest.ts";
import { isAborted, isJudged, type Intent } from "../model/record.ts";
import { WavegateError } from "../model/problem.ts";
import { makeStop, strengthOf, type Stop } from "../model/stop.ts";
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
  const { attempt, digest } = await attemptToStop(input, listing, records);
  const standing = slotOf(findConfiguration(listing, attempt)?.labels ?? {}, attempt);
  const stop =
    standing !== undefined && standing.kind !== "hold" && strengthOf(standing.kind) >= strengthOf(kind)
      ? standing
      : makeStop({
          kind,
          attempt,
          release: digest,
          actor,
          at: isoInstant(Math.floor(clock.now())),
          reason,
          nonce: randomBytes(8).toString("hex"),
        });
  const { writes } = await enforceStop({ product, stop, first: listing }, { hub, records });
  return { stop, writes };
}

/** What a person means: by the head record where it can be read, else by what stands on the hub. */
async function attemptToStop(
  input: { readonly kind: Stop["kind"]; readonly product: string; readonly version?: string },
  listing: Listing,
  records: ReconcilePorts["records"],
): Promise<Pick<Intent, "attempt" | "digest">> {
  const { product, version } = input;
  const intents = await headIntents(product, listing, records);
  const goesOn = intents?.findLast((intent) =>
    version === undefined ? isJudged(intent) : intent.version === version && mayStop(intent, input.kind),
  );
  const found = goesOn ?? onHub(input, listing, intents);
  if (found !== undefined) return found;
  const what =
    version === undefined ? `${product} has no release under way` : `${product} ${version} is not under way`;
  throw new WavegateError("NOTHING_TO_STOP", what, { hint: `see what runs: wavegate status ${product}` });
}

/** A halted release can still be taken back; one that is taken back has nothing left to stop. */
function mayStop(intent: Intent, kind: Stop["kind"]): boolean {
  return !isAborted(intent) && intent.state !== "adopted" && (intent.state !== "halted" || kind === "abort");
}

/** By name, not by label: labels can be edited. */
function onHub(
  { product, version }: { readonly product: string; readonly version?: string },
  listing: Listing,
  intents: readonly Intent[] | undefined,
): Pick<Intent, "attempt" | "digest"> | undefined {
  const prefix = version === undefined ? `fw--${product}--` : attemptId(product, version, 1).slice(0, -1);
  const known = new Set<string>(intents?.map(({ attempt }) => attempt));
  const exposing = listing.configurations
    .filter(
      ({ id, condition, labels }) =>
        id.startsWith(prefix) && condition !== "" && labels[LABEL.adopted] !== "yes",
    )
    .filter(({ id }) => !known.has(id))
    .toSorted((a, b) => b.priority - a.priority)[0];
  const attempt = parseAttemptId(exposing?.id);
  const digest = parseDigest(exposing?.labels[LABEL.release]);
  return attempt === undefined ? undefined : { attempt, digest: digest ?? sha256Hex(attempt) };
}

/** What the head record says of a product; undefined while the records cannot be read. */
export async function headIntents(
  product: string,
  listing: Listing,
  records: ReconcilePorts["records"],
): Promise<readonly Intent[] | undefined> {
  const head = headOf(findConfiguration(listing, refId(product))?.labels ?? {});
  if (head === undefined) return undefined;
  try {
    return (await readChain(records, product, head))?.[0]?.record.intents;
  } catch (error) {
    if (error instanceof WavegateError) return undefined;
    throw error;
  }
}
