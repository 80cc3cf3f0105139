import type { AttemptId } from "../model/attempt.ts";
import type { Listing } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import type { HubSize } from "../model/hub-limits.ts";
import type { Look } from "../model/look.ts";
import type { Approval, RolloutRecord } from "../model/record.ts";
import type { Answers } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";

/** What the hubs and the store say about one product, at an instant. */
export interface Observation {
  /** Epoch ms by the rollout's clock. Every decision made on this observation bears this time. */
  readonly at: number;
  /** Every hub of the settings, in their order: where hubs disagree, the first decides. */
  readonly hubs: readonly HubView[];
  /** undefined while the record store does not answer. */
  readonly store: StoreView | undefined;
  /** Answers to the questions asked so far, by the question's id. */
  readonly answers: Answers;
}

/** One hub, as it was listed. */
export interface HubView {
  /** Its name in the settings. */
  readonly name: string;
  /** What it may be asked, where the settings say so. */
  readonly size?: HubSize;
  /** undefined while it does not answer. */
  readonly listing: Listing | undefined;
}

/** A hub that answered. */
export interface ReachedHub extends HubView {
  readonly listing: Listing;
}

/** A record with its name. */
export interface NamedRecord {
  readonly digest: Digest;
  readonly record: RolloutRecord;
}

/** What the record store holds about one product. */
export interface StoreView {
  /** The furthest record that a hub's ref names, if the store has it and every ancestor. */
  readonly head: NamedRecord | undefined;
  /** Ids of every stop in the head's chain. */
  readonly stopIds: ReadonlySet<string>;
  /** Every condition that a record of the head's chain gave a release, the latest first; as far as a hub's mark goes. */
  readonly conditions: ReadonlyMap<AttemptId, readonly string[]>;
  /** Where the ref of each hub that answered stands, by the hub's name. */
  readonly refs: ReadonlyMap<string, RefView>;
  /** Names of the tombstones of what was stopped for good (see `tombstoneName`). */
  readonly tombstones: ReadonlySet<string>;
  readonly looks: ReadonlyMap<AttemptId, readonly Look[]>;
  /** Approvals in the head's chain that were given before their attempt started, oldest first. */
  readonly approvals: readonly { readonly attempt: AttemptId; readonly approval: Approval }[];
}

/** Where one hub's ref stands. */
export interface RefView {
  /** Against the head; `broken`: its chain is not complete in the store; `elsewhere`: in another line. */
  readonly place: "head" | "behind" | "elsewhere" | "broken" | "absent";
  /** The head this hub last had, by the store's mark. */
  readonly taken: Digest | undefined;
  /** Where the mark stands against the record that this hub's own ref names. */
  readonly takenIs: "head" | "behind" | "ahead" | "elsewhere" | "absent";
  /** The record of a mark that is ahead, or that outlived the ref: what this hub had before it went back, or lost it. */
  readonly before?: NamedRecord;
}

/** How decisions are signed, and what the settings contribute. */
export interface Deciding {
  readonly actor: string;
  /** Address devices download images from. */
  readonly imageBase: string;
  /** How long the hub's queries may lag behind the twins, ms. */
  readonly queryLagMs: number;
  /** How long the image store's keys are good for, ms; absent: it gives none. */
  readonly accessLifeMs?: number | undefined;
  /** Why keys could not be given in this run, which does not keep the rest waiting. */
  readonly accessFailed?: AccessFailure | undefined;
  /** Names of the metric sources of the settings; absent: not known. */
  readonly sources?: readonly string[] | undefined;
  /** Digest of the saved plan that is carried out, for the record of the start. */
  readonly plan?: Digest | undefined;
  /** Key that signed that plan, where the settings pin one. */
  readonly planKey?: string | undefined;
  /** Digest of the one release that the saved plan starts, null: of none; absent: whichever is wanted may start. */
  readonly starts?: Digest | null | undefined;
  /** True: carry on what has started, and neither start nor override what nobody applied; default: false. */
  readonly startsNothing?: boolean | undefined;
  /** Something no other controller has: it makes this stop distinct from any other. */
  readonly nonce: string;
  /** Attempts whose stop could not be written in this run: they do not keep the next one waiting. */
  readonly unstoppable?: ReadonlySet<AttemptId>;
}

/** Why keys to images could not be given, and what to do about it. */
export interface AccessFailure {
  readonly reason: string;
  readonly hint: string;
}

/** Everything one decision is made of. */
export interface StepInput {
  readonly declared: Declared;
  readonly observation: Observation;
  readonly deciding: Deciding;
}
