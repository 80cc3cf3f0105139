import { parseAttemptId, refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Configuration } from "../model/configuration.ts";
import { textOfLabel } from "../model/label-value.ts";
import { LABEL, refSlotsOf, slotOf, slotsOf } from "../model/labels.ts";
import { isAborted, isJudged, isRolledOut, type Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { STOP_KINDS, type Stop, type StopKind } from "../model/stop.ts";
import { atRest, because, waveOf, type Outcome } from "./change-at-rest.ts";
import type { ChangesInput } from "./changes-input.ts";
import { isCertified } from "./documents.ts";
import { intendedCondition } from "./intended-condition.ts";
import type { PlanHub } from "./plan-input.ts";
import type { Change } from "./product-plan.ts";

/** What becomes of everything that stands on the hubs, or should; each once, the newest first. */
export function standingChanges(input: ChangesInput): readonly Change[] {
  const known = input.intents.flatMap((intent) => changeOf(intent, input) ?? []).reverse();
  return [...known, ...strangers(input)];
}

function changeOf(intent: Intent, input: ChangesInput): Change | undefined {
  const { attempt: id, version } = intent;
  const found = input.hubs.flatMap((hub) => {
    const one = findConfiguration(hub.listing, id);
    return one?.createdTimeUtc === intent.created[hub.name] && one !== undefined ? [{ hub, one }] : [];
  });
  const change = (kind: Change["kind"], due: boolean, reason: string): Change => ({
    kind,
    id,
    version,
    due,
    reason,
  });
  const missing = input.hubs.filter((hub) => !found.some((other) => other.hub === hub));
  if (missing.length > 0) {
    const reason = lost(intent, missing);
    if (reason !== undefined) return change(goesOn(intent) ? "narrow" : "keep", goesOn(intent), reason);
    // A held one that is superseded is told of, wherever it went.
    const isSuperseded = intent.state === "held" && input.starting !== undefined;
    if (found.length === 0 && !isSuperseded) return undefined;
  }
  const configurations = found.map(({ one }) => one);
  const stops = stopsOf(intent.attempt, input, configurations);
  const fresh = stops.find(({ id: stop }) => !input.stopIds.has(stop));
  if (fresh !== undefined && isStoppedBy(fresh, intent))
    return change("narrow", true, `${stopped(fresh.kind, intent)}: ${because(fresh)}`);
  const differing = difference(intent, configurations, input);
  if (differing !== undefined) return change(differing.kind, differing.due, differing.reason);
  const { kind, due, reason } = atRest(intent, stops[0], input);
  return change(kind, due, reason);
}

function stopped(kind: StopKind, intent: Intent): string {
  if (kind === "abort") return "is taken back";
  return `${kind === "halt" ? "is halted" : "is held"}${waveOf(intent)}`;
}

/** Configurations that are not as the record wants them. */
function difference(
  intent: Intent,
  configurations: readonly Configuration[],
  { declared }: ChangesInput,
): Outcome | undefined {
  if (configurations.some((one) => !isCertified(one)))
    return {
      kind: "narrow",
      due: true,
      reason: `it was edited outside wavegate: what both name stays${intent.state === "adopted" ? "" : ", and it is held"}`,
    };
  const intended = intendedCondition(intent);
  const differs = configurations.some(({ condition, labels }) => {
    if (intended === undefined) return false;
    if (intent.state === "retired") return condition !== "" || labels[LABEL.retired] !== "yes";
    // A hold that a person lifted: what still stands of it is recorded already.
    const isLifted = !isAborted(intent) && slotOf(labels, intent.attempt) !== undefined;
    return condition !== intended || isLifted;
  });
  if (!differs) return undefined;
  if (intent.state === "retired")
    return { kind: "retire", due: true, reason: "is emptied for good: no device falls back to it" };
  if (isAborted(intent)) return { kind: "narrow", due: true, reason: "was taken back: it is emptied again" };
  if (!declared.releases.some(({ release }) => digestOfRelease(release) === intent.digest))
    return {
      kind: "keep",
      due: false,
      reason: "its condition is not what the records say, and this checkout lacks its file",
    };
  return { kind: "widen", due: true, reason: `its condition becomes what the records say${waveOf(intent)}` };
}

/** The stops that stand on a release's configurations and on the refs, the strongest first. */
function stopsOf(
  attempt: AttemptId,
  { declared: { product }, hubs }: ChangesInput,
  own: readonly Configuration[],
): readonly Stop[] {
  const refs = hubs.flatMap(({ listing }) => findConfiguration(listing, refId(product)) ?? []);
  const stops = [
    ...own.flatMap(({ labels }) => slotsOf(labels, attempt)),
    ...refs.flatMap(({ labels }) => refSlotsOf(labels, attempt)),
  ];
  return STOP_KINDS.flatMap((kind) => stops.filter((stop) => stop.kind === kind));
}

/** Only what still goes on can be held, and what is not over can be halted; what was not taken back yet can be. */
function isStoppedBy({ kind }: Stop, intent: Intent): boolean {
  switch (kind) {
    case "abort":
      return isRolledOut(intent) && !isAborted(intent);
    case "halt":
      return isJudged(intent);
    case "hold":
      return goesOn(intent);
  }
}

/** What a configuration that is gone means; undefined: nothing. */
function lost(intent: Intent, missing: readonly PlanHub[]): string | undefined {
  const where = missing.map(({ name }) => name).join(", ");
  if (goesOn(intent)) return `REF_LOST: its configuration was deleted on ${where}: it is held`;
  return intent.state === "adopted"
    ? `REF_LOST: its configuration was deleted on ${where}: nothing widens until it is restored`
    : undefined;
}

/** True for a release that grows, or is judged after it has. */
function goesOn(intent: Intent): boolean {
  return intent.state === "running" || intent.state === "watching";
}

/** Configurations under names of ours that no record knows. */
function strangers({ declared, intents, hubs, adopting, starting }: ChangesInput): readonly Change[] {
  const expected = new Set<string>([
    ...intents.map(({ attempt }) => attempt),
    ...adopting.map(({ attempt }) => attempt),
    ...(starting === undefined ? [] : [starting.attempt]),
  ]);
  const found = new Map(
    hubs.flatMap(({ listing }) =>
      listing.configurations
        .filter(({ id }) => id.startsWith(`fw--${declared.product}--`) && !expected.has(id))
        .map((one): [string, Configuration] => [one.id, one]),
    ),
  );
  return [...found].flatMap(([id, { labels, condition }]): Change[] => {
    const version = labels[LABEL.version];
    const who = condition === "" ? "is for nobody" : `is for ${condition}`;
    const reason = `no record knows it; it ${who}, and nothing is done to it`;
    return parseAttemptId(id) === undefined
      ? []
      : [
          {
            kind: "keep",
            id,
            ...(version === undefined ? {} : { version: textOfLabel(version) }),
            due: false,
            reason,
          },
        ];
  });
}
