import { randomBytes } from "node:crypto";
import { listingsOf } from "../engine/found.ts";
import type { HubView } from "../engine/observation.ts";
import { attemptId, parseAttemptId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { LABEL, slotOf } from "../model/labels.ts";
import { parseDigest, sha256Hex } from "../model/digest.ts";
import { isAborted, isJudged, isRolledOut, type Intent } from "../model/record.ts";
import { WavegateError } from "../model/problem.ts";
import { makeStop, type Stop } from "../model/stop.ts";
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
  const seen = await listHubs(hubs, { urgent: true });
  const { attempt, digest } = await attemptToStop(input, seen, records);
  const standing = listingsOf({ hubs: seen })
    .map((listing) => slotOf(findConfiguration(listing, attempt)?.labels ?? {}, attempt))
    .find((stop) => stop?.kind === "abort");
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
  return { stop, ...(await enforceStop({ product, stop, seen }, { hubs, records })) };
}

/** What a person means: by the head record where it can be read, else by what stands on a hub. */
async function attemptToStop(
  input: { readonly product: string; readonly version?: string },
  seen: readonly HubView[],
  records: ReconcilePorts["records"],
): Promise<Pick<Intent, "attempt" | "digest">> {
  const { product, version } = input;
  const store = await readStore({ records, product, hubs: seen });
  const intents = store?.head?.record.intents;
  const goesOn = intents?.findLast((intent) =>
    version === undefined
      ? isJudged(intent)
      : intent.version === version && isRolledOut(intent) && !isAborted(intent),
  );
  const found = goesOn ?? onHub(input, seen, intents);
  if (found !== undefined) return found;
  const what =
    version === undefined ? `${product} has no release under way` : `${product} ${version} is not under way`;
  throw new WavegateError("NOTHING_TO_STOP", what, { hint: `see what runs: wavegate status ${product}` });
}

/** By name, not by label: labels can be edited. */
function onHub(
  { product, version }: { readonly product: string; readonly version?: string },
  seen: readonly HubView[],
  intents: readonly Intent[] | undefined,
): Pick<Intent, "attempt" | "digest"> | undefined {
  const prefix = version === undefined ? `fw--${product}--` : attemptId(product, version, 1).slice(0, -1);
  const known = new Set<string>(intents?.map(({ attempt }) => attempt));
  const exposing = listingsOf({ hubs: seen })
    .flatMap(({ configurations }) => configurations)
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
