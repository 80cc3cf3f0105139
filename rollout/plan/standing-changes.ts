import { parseAttemptId, refId, type AttemptId } from "../model/attempt.ts";
import { findConfiguration, type Configuration } from "../model/configuration.ts";
import { formatInstant } from "../model/instant.ts";
import { textOfLabel } from "../model/label-value.ts";
import { LABEL, refSlotsOf, slotOf, slotsOf } from "../model/labels.ts";
import {
  isAborted,
  isJudged,
  isRolledOut,
  type AdoptedIntent,
  type Intent,
  type RolloutIntent,
} from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { STOP_KINDS, type Stop, type StopKind } from "../model/stop.ts";
import type { Declared } from "./declared.ts";
import { isCertified } from "./documents.ts";
import { intendedCondition } from "./intended-condition.ts";
import type { PlanHub } from "./plan-input.ts";
import type { Change, SizedRelease } from "./product-plan.ts";

/** What the changes of a product are made from. */
export interface ChangesInput {
  readonly declared: Declared;
  /** The head record's, oldest first. */
  readonly intents: readonly Intent[];
  readonly hubs: readonly PlanHub[];
  /** Ids of the stops that are in the chain already. */
  readonly stopIds: ReadonlySet<string>;
  /** Baselines that are still to be adopted. */
  readonly adopting: readonly AdoptedIntent[];
  /** The release that would start. */
  readonly starting: SizedRelease | undefined;
  /** What is retired next, where counts say so. */
  readonly retiring: AttemptId | undefined;
  /** What is retired later, once no device hangs on it. */
  readonly retirable: readonly AttemptId[];
}

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
    if (reason !== undefined) return change(isRunning(intent) ? "narrow" : "keep", isRunning(intent), reason);
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

type Outcome = Pick<Change, "kind" | "due" | "reason">;

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

function atRest(intent: Intent, stop: Stop | undefined, input: ChangesInput): Outcome {
  const { starting, retiring, retirable } = input;
  const keep = (reason: string): Outcome => ({ kind: "keep", due: false, reason });
  if (intent.attempt === retiring)
    return { kind: "retire", due: true, reason: "no device falls back to it any more" };
  const isLater = retirable.includes(intent.attempt);
  const later = isLater ? "; retired once no device falls back to it" : "";
  switch (intent.state) {
    case "running":
    case "held":
      if (starting !== undefined) {
        const by = starting.release.version;
        return { kind: "supersede", due: true, reason: `frozen${waveOf(intent)}: ${by} takes over` };
      }
      return keep(intent.state === "running" ? running(intent) : `stays${waveOf(intent)}: ${heldBy(stop)}`);
    case "watching": {
      const until = (intent.completedAt ?? 0) + intent.release.watchMs;
      return keep(`has reached everyone; watched until ${formatInstant(until)}`);
    }
    case "settled":
      return keep(`has reached everyone and is what devices return to${later}`);
    case "superseded":
      return keep(`stays${waveOf(intent)}: a newer release took over${later}`);
    case "halted":
      return keep(`stays${waveOf(intent)}: it was halted${later}`);
    case "rolling back":
      return keep("is for nobody: its devices are on their way back");
    case "rolled back":
      return keep(`is for nobody: it was taken back${later}`);
    case "retired":
      return { kind: "retire", due: false, reason: "is deleted an hour after it was emptied" };
    case "adopted":
      return keep(
        intent.condition === ""
          ? `is what devices return to; for nobody until a release is taken back${later}`
          : `is what devices returned to${later}`,
      );
  }
}

function running({ release, wave }: RolloutIntent): string {
  const here = release.waves[wave];
  const next = release.waves[wave + 1];
  const name = `wave "${here?.name ?? ""}" (${wave + 1} of ${release.waves.length})`;
  if (next === undefined) return `${name}; is complete when its gate promotes`;
  const people = next.approvals === 0 ? "" : ` and ${next.approvals} approved`;
  return `${name}; "${next.name}" opens when its gate promotes${people}`;
}

function heldBy(stop: Stop | undefined): string {
  return stop === undefined ? "held" : `held by ${because(stop)}`;
}

function because({ actor, reason }: Stop): string {
  return reason === "" ? actor : `${actor}: ${reason}`;
}

function waveOf(intent: Intent): string {
  if (!isRolledOut(intent)) return "";
  const { waves } = intent.release;
  return ` at wave "${waves[intent.wave]?.name ?? ""}" (${intent.wave + 1} of ${waves.length})`;
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
      return isRunning(intent);
  }
}

/** What a configuration that is gone means; undefined: nothing. */
function lost(intent: Intent, missing: readonly PlanHub[]): string | undefined {
  const where = missing.map(({ name }) => name).join(", ");
  if (isRunning(intent)) return `REF_LOST: its configuration was deleted on ${where}: it is held`;
  return intent.state === "adopted"
    ? `REF_LOST: its configuration was deleted on ${where}: nothing widens until it is restored`
    : undefined;
}

function isRunning(intent: Intent): boolean {
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
