import { findConfiguration } from "../model/configuration.ts";
import { parseDigest } from "../model/digest.ts";
import { LABEL } from "../model/labels.ts";
import { isAborted, isJudged, type Intent, type RolloutIntent } from "../model/record.ts";
import { isBuried, makeStop, tombstoneName, type Stop, type StopKind } from "../model/stop.ts";
import { isoInstant } from "../model/instant.ts";
import { attemptsFound, listingsOf, stopsFound } from "./found.ts";
import { lostHereOnly } from "./lost-releases.ts";
import type { StepInput } from "./observation.ts";
import { reachedBy } from "./reached.ts";
import type { Step } from "./step.ts";
import { nextStopWrite } from "./stops.ts";

/**
 * [protocol §3, 5.2] A stop that stands in one place and not yet in all, a release that somebody deleted on one hub and
 * not on the others, an aborted configuration that somebody filled again, or a tombstone that its configuration does not
 * know: carry it through, on every hub that answers. Needs no store; without it, every slot found is carried through (a
 * freeze too many is harmless), and an adopted baseline catches whom the release still names: the rest as soon as the
 * store tells whom it was given to.
 */
export function copyStops(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { store, at } = observation;
  const { product } = declared;
  const listings = listingsOf(observation);
  const unrecorded = stopsFound(listings, product, attemptsFound(listings, product)).filter(
    ({ id }) => store?.stopIds.has(id) !== true,
  );
  const intents = store?.head?.record.intents ?? [];
  const again = (intent: Pick<Intent, "attempt" | "digest">, kind: StopKind, reason: string): Stop =>
    makeStop({
      kind,
      attempt: intent.attempt,
      release: intent.digest,
      actor: "wavegate",
      at: isoInstant(at),
      reason,
      nonce: deciding.nonce,
    });
  const isFilled = ({ attempt }: Intent): boolean =>
    listings.some((listing) => (findConfiguration(listing, attempt)?.condition ?? "") !== "");
  // What a hub had before its ref was deleted is still known by its mark.
  const remembered = [...(store?.refs.values() ?? [])].flatMap(({ place, before }) =>
    place === "absent" ? (before?.record.intents ?? []) : [],
  );
  const refilled = [...intents, ...remembered]
    .filter((intent) => isAborted(intent) && isFilled(intent))
    .map((intent) => again(intent, "abort", "was aborted before"));
  // A hub that went back in time has forgotten the abort; its tombstone has not.
  const buried = intents.filter(isJudged).flatMap((intent) => {
    const kind = buriedBy(intent, store?.tombstones ?? new Set());
    const reason = "was stopped for good before: its tombstone stands in the record store";
    return kind === undefined ? [] : [again(intent, kind, reason)];
  });
  // One whose ref was deleted has a tombstone and no intent.
  const forgotten = attemptsFound(listings, product)
    .filter((attempt) => !intents.some((intent) => intent.attempt === attempt))
    .flatMap((attempt) => {
      const found = listings.flatMap((listing) => findConfiguration(listing, attempt) ?? [])[0];
      const digest = parseDigest(found?.labels[LABEL.release]);
      if (digest === undefined) return [];
      const kind = (["abort", "halt"] as const).find((one) =>
        store?.tombstones.has(tombstoneName({ kind: one, attempt, release: digest }) ?? ""),
      );
      const reason = "was stopped for good before: its tombstone stands in the record store";
      return kind === undefined ? [] : [again({ attempt, digest }, kind, reason)];
    });
  // Where a stop stands already, it is the one to carry through.
  const lost = lostHereOnly(input).filter(
    ({ attempt }) => !unrecorded.some((stop) => stop.attempt === attempt),
  );
  const recorded = store?.stopIds ?? new Set<string>();
  for (const stop of [...unrecorded, ...lost, ...refilled, ...buried, ...forgotten]) {
    if (deciding.unstoppable?.has(stop.attempt) === true) continue;
    const reached = reachedBy(store, stop.attempt);
    for (const listing of listings) {
      const write = nextStopWrite(listing, { product, stop, recorded, reached });
      if (write !== undefined)
        return { kind: "stop", stop, why: write.why, recorded, ...(reached && { reached }) };
    }
  }
  return undefined;
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
