import type { AttemptId } from "../model/attempt.ts";
import type { Listing } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import type { Approval, RolloutRecord } from "../model/record.ts";
import type { Answers } from "../model/question.ts";
import type { Declared } from "../plan/declared.ts";

/** What the hub and the store say about one product, at an instant. */
export interface Observation {
  /** Epoch ms by the rollout's clock. Every decision made on this observation bears this time. */
  readonly at: number;
  /** Name of the hub in the settings. */
  readonly hub: string;
  readonly listing: Listing;
  /** undefined while the record store does not answer. */
  readonly store: StoreView | undefined;
  /** Answers to the questions asked so far, by the question's id. */
  readonly answers: Answers;
}

/** What the record store holds about one product. */
export interface StoreView {
  /** The record the ref names, if the store has it and every ancestor. */
  readonly head: { readonly digest: Digest; readonly record: RolloutRecord } | undefined;
  /** Ids of every stop in the head's chain. */
  readonly stopIds: ReadonlySet<string>;
  /** The head this hub last had, by the store's mark. */
  readonly taken: Digest | undefined;
  /** Where the mark stands against the head the ref names. */
  readonly takenIs: "head" | "behind" | "ahead" | "absent" | "elsewhere";
  /** Names of the tombstones of what was stopped for good (see `tombstoneName`). */
  readonly tombstones: ReadonlySet<string>;
  readonly looks: ReadonlyMap<AttemptId, readonly Look[]>;
  /** Approvals in the head's chain that were given before their attempt started, oldest first. */
  readonly approvals: readonly { readonly attempt: AttemptId; readonly approval: Approval }[];
}

/** How decisions are signed, and what the settings contribute. */
export interface Deciding {
  readonly actor: string;
  /** Address devices download images from. */
  readonly imageBase: string;
  /** How long the hub's queries may lag behind the twins, ms. */
  readonly queryLagMs: number;
  /** Something no other controller has: it makes this stop distinct from any other. */
  readonly nonce: string;
}

/** Everything one decision is made of. */
export interface StepInput {
  readonly declared: Declared;
  readonly observation: Observation;
  readonly deciding: Deciding;
}
