import { findConfiguration } from "../model/configuration.ts";
import { isoInstant } from "../model/instant.ts";
import { withoutSlots } from "../model/labels.ts";
import { withIntent, type Intent, type RolloutRecord } from "../model/record.ts";
import { makeStop, strengthOf, type Stop } from "../model/stop.ts";
import { isCertified } from "../plan/documents.ts";
import { withFailedDevices } from "./failed-devices.ts";
import { configurationOf, refOf, stopsFound } from "./found.ts";
import { verdictOfStop } from "./judge.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";

/**
 * [protocol §3, 5.5] Take stops that are in force into the chain: one record, with every stop not yet in it. A running
 * release whose configuration is gone, or is another one under the old name, is held the same way (`REF_LOST`): it is
 * never re-created.
 */
export function adoptStops(input: StepInput): Step | undefined {
  const { declared, observation, deciding } = input;
  const { listing, store, at } = observation;
  const head = store?.head;
  const ref = refOf(listing, declared.product);
  if (head === undefined || ref === undefined) return undefined;
  const { intents } = head.record;
  const slots = stopsFound(
    listing,
    declared.product,
    intents.map(({ attempt }) => attempt),
  );
  const lost = intents
    .filter(({ state }) => state === "running" || state === "watching")
    .filter((intent) => configurationOf(observation, intent) === undefined);
  const fresh = [
    ...slots.filter(({ id }) => !store?.stopIds.has(id)),
    ...lost.map(({ attempt, digest }) =>
      makeStop({
        kind: "hold",
        attempt,
        release: digest,
        actor: "unknown (portal)",
        at: isoInstant(at),
        reason: "REF_LOST: its configuration was deleted",
        nonce: deciding.nonce,
      }),
    ),
  ].sort((a, b) => strengthOf(b.kind) - strengthOf(a.kind));
  const first = fresh[0];
  if (first === undefined) return undefined;
  const known = withFailedDevices(input, intents, fresh);
  if (known.kind === "ask") return known;
  const before = known.kind === "known" ? known.value : intents;
  const subject = intents.find(({ attempt }) => attempt === first.attempt);
  const verdict =
    subject !== undefined && subject.state !== "adopted" ? verdictOfStop(input, subject, first) : undefined;
  const record: RolloutRecord = {
    schemaVersion: 1,
    product: declared.product,
    parent: head.digest,
    kind: first.kind,
    at: isoInstant(at),
    actor: first.actor,
    reason: first.reason,
    subject: first.attempt,
    intents: coverAdopted(
      fresh.reduce<readonly Intent[]>((applied, stop) => applyStop(applied, stop, at), before),
      input,
    ),
    stops: fresh,
    ...(verdict === undefined ? {} : { verdict }),
  };
  const labels = fresh.reduce((kept, { attempt }) => withoutSlots(kept, attempt), ref.labels);
  return { kind: "record", record, ref: { create: false, labels, etag: ref.etag } };
}

/** What a stop makes of the intents. A release that is already taken back stays so. */
function applyStop(intents: readonly Intent[], stop: Stop, at: number): readonly Intent[] {
  const intent = intents.find(({ attempt }) => attempt === stop.attempt);
  if (intent === undefined || intent.state === "adopted") return intents;
  if (intent.state === "rolling back" || intent.state === "rolled back") return intents;
  if (stop.kind === "abort") {
    return withIntent(intents, { ...intent, state: "rolling back", condition: "", abortedAt: at });
  }
  if (intent.state === "halted") return intents;
  // What is over has nothing left to stop; an abort alone still empties what stands.
  const canHalt = intent.state !== "settled" && intent.state !== "superseded";
  if (stop.kind === "halt")
    return canHalt ? withIntent(intents, { ...intent, state: "halted", abortedAt: at }) : intents;
  // Only what still goes on can be held: a hold of a release that is over must not bring it back.
  const goesOn = intent.state === "running" || intent.state === "watching";
  return goesOn ? withIntent(intents, { ...intent, state: "held" }) : intents;
}

/** An adopted baseline that a stop widened keeps the cohort it was given: its condition is part of the record. */
function coverAdopted(intents: readonly Intent[], { observation }: StepInput): readonly Intent[] {
  return intents.map((intent) => {
    if (intent.state !== "adopted") return intent;
    const found = findConfiguration(observation.listing, intent.attempt);
    return found !== undefined && isCertified(found) ? { ...intent, condition: found.condition } : intent;
  });
}
