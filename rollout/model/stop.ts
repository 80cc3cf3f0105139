import { attemptNumber, type AttemptId } from "./attempt.ts";
import { digestOf, parseDigest } from "./digest.ts";
import { cutText, encodeLabel, LONGEST_LABEL } from "./label-value.ts";

/** A hold can be resumed. A halt leaves devices where they are, an abort takes them back: neither is ever cleared. */
export type StopKind = "hold" | "halt" | "abort";

/** Kinds of stops, the strongest first: a stronger one overrides a weaker one, never the reverse. */
export const STOP_KINDS = ["abort", "halt", "hold"] as const satisfies readonly StopKind[];

/** Why and by whom a release was stopped, as it stands in labels and in the record. */
export interface StopFacts {
  /** A hold can be resumed; a halt leaves devices where they are, an abort takes them back. */
  readonly kind: StopKind;
  /** What was stopped. */
  readonly attempt: AttemptId;
  /** Digest of the release: an abort sticks to it. */
  readonly release: string;
  /** A person, a CI identity, `gate` or `unknown (portal)`. */
  readonly actor: string;
  /** ISO 8601 instant. */
  readonly at: string;
  /** Why, cut to what a label takes. */
  readonly reason: string;
  /** Makes two stops with the same text two stops. */
  readonly nonce: string;
}

/** A stop with its identity: the digest of its facts, so that anyone can rebuild the record from the labels. */
export interface Stop extends StopFacts {
  /** Digest of the facts; another text where somebody wrote the label by hand. */
  readonly id: string;
}

/** Most characters that are kept of an actor and of a reason; fewer where a label has no room for them encoded. */
const MAX_ACTOR = 40;
const MAX_REASON = 90;

/** Name a stop. Actor and reason are cut, visibly, to what a label takes, BEFORE the id is computed over them. */
export function makeStop(facts: StopFacts): Stop {
  return stopWithId({ ...facts, actor: cut(facts.actor, MAX_ACTOR), reason: cut(facts.reason, MAX_REASON) });
}

/** How strong a kind of stop is, to compare. */
export function strengthOf(kind: StopKind): number {
  return STOP_KINDS.length - STOP_KINDS.indexOf(kind);
}

/**
 * Name of the tombstone that buries a stopped release: its digest, with the attempt's number from the second on, and
 * `.halt` where its devices keep it. undefined for a hold, and for a stop whose release somebody made up.
 */
export function tombstoneName({
  kind,
  attempt,
  release,
}: Pick<StopFacts, "kind" | "attempt" | "release">): string | undefined {
  const digest = parseDigest(release);
  if (digest === undefined || kind === "hold") return undefined;
  const number = attemptNumber(attempt);
  return `${digest}${number === 1 ? "" : `.${number}`}${kind === "halt" ? ".halt" : ""}`;
}

/** True for what `tombstoneName` makes: the names of a folder of tombstones are read back through this. */
export function isTombstoneName(text: string): boolean {
  return /^[0-9a-f]{64}(\.\d+)?(\.halt)?$/.test(text);
}

/** True when some attempt of a release was stopped for good. */
export function isBuried(tombstones: ReadonlySet<string>, release: string): boolean {
  return tombstones.has(release) || [...tombstones].some((name) => name.startsWith(`${release}.`));
}

/** The same for facts that were read back from labels: nothing is cut twice. */
export function stopWithId(facts: StopFacts): Stop {
  const { kind, attempt, release, actor, at, reason, nonce } = facts;
  return { ...facts, id: digestOf({ kind, attempt, release, actor, at, reason, nonce }) };
}

/** A text as it can be read back from a label: well-formed, on one line, and cut where it shows if it is too long. */
function cut(text: string, most: number): string {
  const line = text.toWellFormed().replaceAll(/\s+/gu, " ");
  const fits = Array.from(line).length <= most && encodeLabel(line).length <= LONGEST_LABEL;
  return fits ? line : cutText(line, most);
}
