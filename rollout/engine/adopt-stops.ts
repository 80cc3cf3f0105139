import { findConfiguration } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { isRolledOut, withIntent, type Intent, type RolloutIntent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { strengthOf, type Stop } from "../model/stop.ts";
import { isCertified } from "../plan/documents.ts";
import { withFailedDevices } from "./failed-devices.ts";
import { attemptsFound, listingsOf, reachedHubs, stopsFound } from "./found.ts";
import { verdictOfStop } from "./judge.ts";
import { lostStops } from "./lost-releases.ts";
import { nextRecord } from "./next-record.ts";
import type { StepInput } from "./observation.ts";
import type { Step } from "./step.ts";
import { unstartedIntent } from "./unstarted.ts";

/**
 * [protocol §3, 5.5] Take stops that are in force into the chain: one record, with every stop not yet in it. A running
 * release whose configuration is gone from some hub, or is another one under the old name, is held the same way
 * (`REF_LOST`): it is never re-created. A release that was stopped before it started is recorded as stopped, exposing
 * nobody.
 */
export function adoptStops(input: StepInput): Step | undefined {
  const { declared, observation } = input;
  const head = observation.store?.head;
  if (head === undefined) return undefined;
  const listings = listingsOf(observation);
  const unborn = unbornIntents(input);
  const intents = [...head.record.intents, ...unborn];
  const slots = stopsFound(
    listings,
    declared.product,
    intents.map(({ attempt }) => attempt),
  ).filter(({ id }) => observation.store?.stopIds.has(id) !== true);
  const lost = lostStops(input).filter(({ attempt }) => !slots.some((stop) => stop.attempt === attempt));
  const fresh = [...slots, ...lost].sort((a, b) => strengthOf(b.kind) - strengthOf(a.kind));
  const [first] = fresh;
  if (first === undefined) return undefined;
  const known = withFailedDevices(input, intents, fresh);
  if (known.kind === "ask") return known;
  const before = known.kind === "known" ? known.value : intents;
  const subject = intents.find(({ attempt }) => attempt === first.attempt);
  const decidedBy =
    subject !== undefined && isRolledOut(subject) ? verdictOfStop(input, subject, first) : undefined;
  const stopped = fresh.reduce<readonly Intent[]>(
    (applied, stop) => applyStop(applied, stop, observation.at),
    before,
  );
  return nextRecord(input, {
    kind: first.kind,
    subject: first.attempt,
    actor: first.actor,
    reason: first.reason,
    changed: coverAdopted(stopped, input).filter(
      // A release that no stop has touched is none of ours yet.
      ({ attempt }) =>
        fresh.some((stop) => stop.attempt === attempt) || !unborn.some((one) => one.attempt === attempt),
    ),
    stops: fresh,
    ...(decidedBy === undefined ? {} : { decidedBy }),
  });
}

/**
 * Releases that have no record yet, so that a stop can be recorded of them: named by a configuration, or, where somebody
 * deleted that, by the stop itself.
 */
function unbornIntents({ declared, observation, deciding }: StepInput): readonly RolloutIntent[] {
  const named = observation.store?.head?.record.intents ?? [];
  const listings = listingsOf(observation);
  return attemptsFound(listings, declared.product)
    .filter((attempt) => !named.some((intent) => intent.attempt === attempt))
    .flatMap((attempt) => {
      const found = listings.flatMap((listing) => findConfiguration(listing, attempt) ?? []);
      const [stop] = stopsFound(listings, declared.product, [attempt]);
      const digest = found[0]?.labels[LABEL.release] ?? stop?.release;
      const release = declared.releases.find((one) => digestOfRelease(one.release) === digest)?.release;
      return release === undefined
        ? []
        : [unstartedIntent({ attempt, release, hubs: reachedHubs(observation), author: deciding.actor })];
    });
}

/** What a stop makes of the intents. A release that is already taken back stays so. */
function applyStop(intents: readonly Intent[], stop: Stop, at: number): readonly Intent[] {
  const intent = intents.find(({ attempt }) => attempt === stop.attempt);
  if (intent === undefined || !isRolledOut(intent)) return intents;
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
  const goesOn = intent.state === "running" || intent.state === "watching" || intent.state === "held";
  return goesOn ? withIntent(intents, { ...intent, state: "held" }) : intents;
}

/** An adopted baseline that a stop widened keeps the cohort it was given: its condition is part of the record. */
function coverAdopted(intents: readonly Intent[], { observation }: StepInput): readonly Intent[] {
  return intents.map((intent) => {
    if (intent.state !== "adopted") return intent;
    const found = listingsOf(observation)
      .flatMap((listing) => findConfiguration(listing, intent.attempt) ?? [])
      .find((one) => isCertified(one) && one.condition !== "");
    return found === undefined ? intent : { ...intent, condition: found.condition };
  });
}
