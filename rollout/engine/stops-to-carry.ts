import { findConfiguration } from "../model/configuration.ts";
import { parseDigest } from "../model/digest.ts";
import { isoInstant } from "../model/instant.ts";
import { LABEL } from "../model/labels.ts";
import { isAborted, isJudged, type Intent, type RolloutIntent } from "../model/record.ts";
import { isBuried, makeStop, tombstoneName, type Stop, type StopKind } from "../model/stop.ts";
import { attemptsFound, listingsOf, stopsFound } from "./found.ts";
import { lostHereOnly } from "./lost-releases.ts";
import type { StepInput } from "./observation.ts";

const BURIED = "was stopped for good before: its tombstone stands in the record store";

/**
 * [protocol §3, 5.2] Stops that have to stand everywhere and may not yet: those found that are not in the chain, releases
 * that somebody deleted on one hub and not on the others, aborted configurations that somebody filled again, and
 * tombstones that the hubs have forgotten.
 */
export function stopsToCarry(input: StepInput): readonly Stop[] {
  const { declared, observation } = input;
  const listings = listingsOf(observation);
  const unrecorded = stopsFound(listings, declared.product, attemptsFound(listings, declared.product)).filter(
    ({ id }) => observation.store?.stopIds.has(id) !== true,
  );
  // Where a stop stands already, it is the one to carry through.
  const lost = lostHereOnly(input).filter(
    ({ attempt }) => !unrecorded.some((stop) => stop.attempt === attempt),
  );
  return [...unrecorded, ...lost, ...refilled(input), ...buried(input), ...forgotten(input)];
}

function refilled(input: StepInput): readonly Stop[] {
  const { store } = input.observation;
  const listings = listingsOf(input.observation);
  // What a hub had before its ref was deleted is still known by its mark.
  const remembered = [...(store?.refs.values() ?? [])].flatMap(({ place, before }) =>
    place === "absent" ? (before?.record.intents ?? []) : [],
  );
  return [...(store?.head?.record.intents ?? []), ...remembered]
    .filter(
      (intent) =>
        isAborted(intent) &&
        listings.some((listing) => (findConfiguration(listing, intent.attempt)?.condition ?? "") !== ""),
    )
    .map((intent) => stopAgain(input, { intent, kind: "abort", reason: "was aborted before" }));
}

/** A hub that went back in time has forgotten the abort; its tombstone has not. */
function buried(input: StepInput): readonly Stop[] {
  const { store } = input.observation;
  return (store?.head?.record.intents ?? []).filter(isJudged).flatMap((intent) => {
    const kind = buriedBy(intent, store?.tombstones ?? new Set());
    return kind === undefined ? [] : [stopAgain(input, { intent, kind, reason: BURIED })];
  });
}

/** A release whose ref was deleted has a tombstone and no intent. */
function forgotten(input: StepInput): readonly Stop[] {
  const { store } = input.observation;
  const listings = listingsOf(input.observation);
  return attemptsFound(listings, input.declared.product)
    .filter((attempt) => store?.head?.record.intents.some((intent) => intent.attempt === attempt) !== true)
    .flatMap((attempt) => {
      const found = listings.flatMap((listing) => findConfiguration(listing, attempt) ?? [])[0];
      const digest = parseDigest(found?.labels[LABEL.release]);
      if (digest === undefined) return [];
      const kind = (["abort", "halt"] as const).find((one) =>
        store?.tombstones.has(tombstoneName({ kind: one, attempt, release: digest }) ?? ""),
      );
      return kind === undefined
        ? []
        : [stopAgain(input, { intent: { attempt, digest }, kind, reason: BURIED })];
    });
}

function stopAgain(
  { observation, deciding }: StepInput,
  what: {
    readonly intent: Pick<Intent, "attempt" | "digest">;
    readonly kind: StopKind;
    readonly reason: string;
  },
): Stop {
  return makeStop({
    kind: what.kind,
    attempt: what.intent.attempt,
    release: what.intent.digest,
    actor: "wavegate",
    at: isoInstant(observation.at),
    reason: what.reason,
    nonce: deciding.nonce,
  });
}

/** How a tombstone says that an attempt was stopped; one that a person asked for lives beside its first one's. */
function buriedBy(
  { attempt, digest, retryOf }: RolloutIntent,
  tombstones: ReadonlySet<string>,
): "abort" | "halt" | undefined {
  const own = (kind: "abort" | "halt"): boolean =>
    tombstones.has(tombstoneName({ kind, attempt, release: digest }) ?? "");
  if (own("abort")) return "abort";
  if (own("halt")) return "halt";
  return retryOf === undefined && isBuried(tombstones, digest) ? "abort" : undefined;
}
