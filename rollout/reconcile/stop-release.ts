import { randomBytes } from "node:crypto";
import { listingsOf, refOf } from "../engine/found.ts";
import type { HubView } from "../engine/observation.ts";
import { reachedBy } from "../engine/reached.ts";
import { attemptId, parseAttemptId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { LABEL, refSlotsOf, slotOf, slotsOf } from "../model/labels.ts";
import { parseDigest, sha256Hex } from "../model/digest.ts";
import { isAborted, isJudged, isRolledOut, type Intent } from "../model/record.ts";
import { WavegateError } from "../model/problem.ts";
import { makeStop, strengthOf, type Stop } from "../model/stop.ts";
import { enforceStop, type Enforced } from "./enforce-stop.ts";
import { listHubs } from "./list-hubs.ts";
import type { ReconcilePorts } from "./reconcile.ts";
import { readStore } from "./store-view.ts";

/** A stop in force. */
export interface StopResult extends Enforced {
  readonly stop: Stop;
}

/**
 * Stop a product's release: the one that is named, else the newest that devices are exposed to above its baseline. An
 * abort takes its devices back, a hold leaves them where they are. Acts first and needs nothing but a hub: any later run
 * records it and carries it to hubs that could not be reached.
 */
export async function stopRelease(
  input: {
    readonly kind: Stop["kind"];
    readonly product: string;
    readonly version?: string;
    readonly actor: string;
    readonly reason: string;
  },
  { hubs, records, clock }: Pick<ReconcilePorts, "hubs" | "records" | "clock">,
): Promise<StopResult> {
  const { kind, product, actor, reason } = input;
  const seenAt = clock.monotonic();
  const seen = await listHubs(hubs, { urgent: true });
  const store = await readStore({ records, product, hubs: seen });
  const { attempt, digest } = attemptToStop(input, seen, store?.head?.record.intents);
  const standing = standingStop({ kind, product, attempt }, seen, store?.stopIds);
  const stop =
    standing ??
    makeStop({
      kind,
      attempt,
      release: digest,
      actor,
      at: isoInstant(Math.floor(clock.now())),
      reason,
      nonce: randomBytes(8).toString("hex"),
    });
  const reached = reachedBy(store, attempt);
  return { stop, ...(await enforceStop({ product, stop, reached, seen, seenAt }, { hubs, records, clock })) };
}

/**
 * A stop that stands already and says as much. An abort or a halt is never cleared. A hold counts while no record has
 * taken it in: one that has may be cleared at this moment, and a new one must not go with it.
 */
function standingStop(
  wanted: { readonly kind: Stop["kind"]; readonly product: string; readonly attempt: AttemptId },
  seen: readonly HubView[],
  recorded: ReadonlySet<string> | undefined,
): Stop | undefined {
  const { kind, product, attempt } = wanted;
  const listings = listingsOf({ hubs: seen });
  const final = listings
    .flatMap((listing) => slotsOf(findConfiguration(listing, attempt)?.labels ?? {}, attempt))
    .filter((stop) => stop.kind !== "hold" && strengthOf(stop.kind) >= strengthOf(kind));
  // The ref drops a slot when it is recorded; the release's own configuration keeps it.
  const fresh = listings
    .flatMap((listing) => refSlotsOf(refOf(listing, product)?.labels ?? {}, attempt))
    .filter((stop) => stop.kind === kind && recorded?.has(stop.id) !== true);
  return [...final, ...fresh].toSorted((a, b) => strengthOf(b.kind) - strengthOf(a.kind))[0];
}

/** What a person means: by the head record where it can be read, else by what stands on a hub. */
function attemptToStop(
  input: { readonly kind: Stop["kind"]; readonly product: string; readonly version?: string },
  seen: readonly HubView[],
  intents: readonly Intent[] | undefined,
): Pick<Intent, "attempt" | "digest"> {
  const { product, version } = input;
  const goesOn = intents?.findLast((intent) =>
    version === undefined ? isJudged(intent) : intent.version === version && mayStop(intent, input.kind),
  );
  const found = goesOn ?? onHub(input, seen, intents);
  if (found !== undefined) return found;
  const what =
    version === undefined ? `${product} has no release under way` : `${product} ${version} is not under way`;
  throw new WavegateError("NOTHING_TO_STOP", what, { hint: `see what runs: wavegate status ${product}` });
}

/** A halted release can still be taken back; one that is taken back has nothing left to stop. */
function mayStop(intent: Intent, kind: Stop["kind"]): boolean {
  return !isAborted(intent) && isRolledOut(intent) && (intent.state !== "halted" || kind === "abort");
}

/**
 * By name, not by label: labels can be edited. The newest that devices are exposed to; one above it that is about to be
 * opened, and was not stopped, comes first.
 */
function onHub(
  { product, version }: { readonly product: string; readonly version?: string },
  seen: readonly HubView[],
  intents: readonly Intent[] | undefined,
): Pick<Intent, "attempt" | "digest"> | undefined {
  const prefix = version === undefined ? `fw--${product}--` : attemptId(product, version, 1).slice(0, -1);
  const known = new Set<string>(intents?.map(({ attempt }) => attempt));
  const newest = listingsOf({ hubs: seen })
    .flatMap(({ configurations }) => configurations)
    .filter(({ id, labels }) => id.startsWith(prefix) && labels[LABEL.adopted] !== "yes" && !known.has(id))
    .filter(({ id, condition, labels }) => condition !== "" || isUnopened(id, labels))
    .toSorted((a, b) => b.priority - a.priority)[0];
  const attempt = parseAttemptId(newest?.id);
  const digest = parseDigest(newest?.labels[LABEL.release]);
  return attempt === undefined ? undefined : { attempt, digest: digest ?? sha256Hex(attempt) };
}

/** Empty, and neither stopped for good nor retired. */
function isUnopened(id: string, labels: Readonly<Record<string, string>>): boolean {
  const attempt = parseAttemptId(id);
  const slot = attempt === undefined ? undefined : slotOf(labels, attempt);
  return (slot === undefined || slot.kind === "hold") && labels[LABEL.retired] !== "yes";
}

/** What the head record says of a product; undefined while the records cannot be read. */
export async function headIntents(
  product: string,
  seen: readonly HubView[],
  records: ReconcilePorts["records"],
): Promise<readonly Intent[] | undefined> {
  return (await readStore({ records, product, hubs: seen }))?.head?.record.intents;
}
