import type { AttemptId } from "./attempt.ts";
import type { Digest } from "./digest.ts";
import type { RecordedEvidence } from "./evidence.ts";
import type { Artifact } from "./artifact.ts";
import type { Release } from "./release.ts";
import type { Stop } from "./stop.ts";
import type { Verdict } from "./verdict.ts";

/** Where a release stands. Exposing, contacting, baking and judged are derived from an observation, never recorded. */
export type RolloutState =
  | "running"
  | "held"
  /** Completed, and still judged for its `watch` time. */
  | "watching"
  | "settled"
  | "superseded"
  | "rolling back"
  | "rolled back"
  /** Stopped for good where it stands: its devices keep it, nobody else gets it. */
  | "halted";

interface IntentBase {
  /** Id of the attempt and of its configuration: `fw--PRODUCT--VERSION--NUMBER`; never used twice. */
  readonly attempt: AttemptId;
  /** Semantic version, as its file declares it. */
  readonly version: string;
  /** Digest of the release (of version and artifact, for an adopted baseline). */
  readonly digest: Digest;
  /** The target condition its configuration has to have. */
  readonly condition: string;
  /** Priority of its configuration: of two that match a device the higher one wins. */
  readonly priority: number;
  /** `createdTimeUtc` of its configuration, by hub. */
  readonly created: Readonly<Record<string, string>>;
}

/** What the fleet ran before wavegate: taken over without a write to any device. */
export interface AdoptedIntent extends IntentBase {
  /** Where the release stands. */
  readonly state: "adopted";
  /** The image that devices go back to. */
  readonly artifact: Artifact;
  /** The devices that run it, where it was not adopted for all of the product. */
  readonly where?: string;
}

/** What the head record wants of one release. */
export interface RolloutIntent extends IntentBase {
  /** Where the release stands. */
  readonly state: RolloutState;
  /** The release as it was when it started. */
  readonly release: Release;
  /** Index of the widest wave exposed. */
  readonly wave: number;
  /** Strata that had devices at the start, frozen; sorted. */
  readonly strata: readonly string[];
  /** Those of them that hold enough devices to prove the gate, frozen too. */
  readonly proving: readonly string[];
  /** All devices of each stratum at the start, frozen; absent in records from before it was kept. */
  readonly population?: Readonly<Record<string, number>>;
  /** Epoch ms of the look that opened the wave. */
  readonly openedAt: number;
  /** Recently active devices under the condition when the wave opened, by stratum; all waves so far. */
  readonly targeted: Readonly<Record<string, number>>;
  /** Those of them that this wave added. */
  readonly added: Readonly<Record<string, number>>;
  /** Parts of a paced wave that are open, from 1; a wave without pace has one. */
  readonly part: number;
  /** Epoch ms of the look that opened the latest part. */
  readonly partOpenedAt: number;
  /** Widths of windows that were computed from counts, by wave, then by stratum (`*`: all of them). They never shrink. */
  readonly windows: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Who started it: with `approvals`, somebody else has to approve. */
  readonly author: string;
  /** People who let a wave open. */
  readonly approvals: readonly Approval[];
  /** Decisions of people against the gate. */
  readonly overrides: readonly Override[];
  /** The attempt that this one tries again; absent for a first one. */
  readonly retryOf?: AttemptId;
  /** Devices by id that the attempt is for, when it is not for all. */
  readonly only?: readonly string[];
  /** Devices that failed it when it was stopped, by id, as far as they could be told; sorted. */
  readonly failed?: readonly string[];
  /** A person allows one more attempt of this release; gone as soon as that has started. */
  readonly retry?: Retry;
  /** Epoch ms of the look that recorded its abort or halt; absent before. */
  readonly abortedAt?: number;
  /** Epoch ms of completion; absent before. */
  readonly completedAt?: number;
}

/** A person let a wave open. */
export interface Approval {
  /** Name of the wave. */
  readonly wave: string;
  /** Who did. */
  readonly actor: string;
  /** Epoch ms. */
  readonly at: number;
}

/** A person decided what a gate could not: for one wave and the evidence they saw. */
export interface Override {
  /** Name of the wave. */
  readonly wave: string;
  /** Digest of the counts that were seen; with others the override says nothing. */
  readonly evidence: Digest;
  /** Who did. */
  readonly actor: string;
  /** Why. */
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
  /** Epoch ms from which it says nothing any more. */
  readonly until: number;
  /** The file that declared it; absent: a command. */
  readonly file?: { readonly name: string; readonly digest: Digest };
}

/** Leave to try a stopped release once more. */
export interface Retry {
  /** Who gave it. */
  readonly actor: string;
  /** Why. */
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
  /** Devices by id, when the attempt is for some only. */
  readonly only?: readonly string[];
}

/** A release whose configuration is emptied, and deleted a while later; its name stays taken for ever. */
export interface RetiredIntent extends IntentBase {
  /** Where the release stands. */
  readonly state: "retired";
  /** Epoch ms. */
  readonly retiredAt: number;
}

export type Intent = AdoptedIntent | RolloutIntent | RetiredIntent;

/** A release in one of some states. */
export type InState<State extends RolloutState> = RolloutIntent & { readonly state: State };

/** What a record decided. */
export type RecordKind =
  | "create"
  | "adopt"
  | "start"
  | "promote"
  /** Opens the next part of a paced wave. */
  | "widen"
  | "approve"
  | "override"
  | "complete"
  | "settle"
  | "hold"
  | "resume"
  | "halt"
  | "abort"
  /** Allows one more attempt of a release that was stopped. */
  | "retry"
  | "rolled back"
  | "retire";

/** One immutable decision about one product: content-addressed, with its parent's digest and the whole intent. */
export interface RolloutRecord {
  /** Version of the form. */
  readonly schemaVersion: 1;
  /** The product it is about. */
  readonly product: string;
  /** Digest of the record before it; null for the first. */
  readonly parent: Digest | null;
  /** What it decided. */
  readonly kind: RecordKind;
  /** ISO 8601 instant of the observation that decided. */
  readonly at: string;
  /** Who decided: a person, a CI identity, `gate`. */
  readonly actor: string;
  /** Why, in a sentence. */
  readonly reason: string;
  /** The release it is about; null for `create`. */
  readonly subject: AttemptId | null;
  /** Every release's state, condition and priority; oldest first. */
  readonly intents: readonly Intent[];
  /** Stops that this record takes into the chain. */
  readonly stops: readonly Stop[];
  /** What the gate said, where a gate decided. */
  readonly verdict?: Verdict;
  /** Everything that verdict was computed from, beside the release in `intents`. */
  readonly judged?: RecordedEvidence;
  /** An approval given before the release has started: there is no intent to keep it in yet. */
  readonly approval?: Approval;
}

/** True for releases whose devices are still judged. */
export function isJudged(intent: Intent): intent is InState<"running" | "held" | "watching"> {
  return intent.state === "running" || intent.state === "held" || intent.state === "watching";
}

/** True for a release that was taken back or is being taken back. */
export function isAborted(intent: Intent): intent is InState<"rolling back" | "rolled back"> {
  return intent.state === "rolling back" || intent.state === "rolled back";
}

/** True for what was rolled out by waves: it has a release, its waves and its gate. */
export function isRolledOut(intent: Intent): intent is RolloutIntent {
  return intent.state !== "adopted" && intent.state !== "retired";
}

/** The image of an intent; a retired one has none any more. */
export function artifactOf(intent: Intent): Artifact | undefined {
  if (intent.state === "retired") return undefined;
  return intent.state === "adopted" ? intent.artifact : intent.release.artifact;
}

/** True for a release that will never grow again. */
export function isStopped(intent: Intent): intent is InState<"rolling back" | "rolled back" | "halted"> {
  return isAborted(intent) || intent.state === "halted";
}

/** A copy of the intents with one changed. */
export function withIntent(intents: readonly Intent[], changed: Intent): Intent[] {
  const known = intents.some(({ attempt }) => attempt === changed.attempt);
  return known
    ? intents.map((intent) => (intent.attempt === changed.attempt ? changed : intent))
    : [...intents, changed];
}

/** The highest priority that any attempt has: of the newest. */
export function newestPriority(intents: readonly Intent[]): number {
  return Math.max(0, ...intents.map(({ priority }) => priority));
}
