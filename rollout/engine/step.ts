import type { AttemptId } from "../model/attempt.ts";
import type { ConfigurationDocument } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Question } from "../model/question.ts";
import type { Reached } from "./reached.ts";
import type { LockedImage } from "../plan/image-access.ts";

/** The one thing to do next. Everything but `ask`, `wait` and `blocked` is followed by a new observation. */
export type Step =
  /** Find these out, then decide again on the same observation. */
  | { readonly kind: "ask"; readonly questions: readonly Question[] }
  /** Act first: write the stop wherever it does not stand yet, on every hub that can be reached. */
  | {
      readonly kind: "stop";
      readonly stop: Stop;
      readonly why: string;
      /** Ids of the stops in the chain, when this one was found and is copied. */
      readonly recorded?: ReadonlySet<string>;
      /** Whom the release was given to, where a record tells. */
      readonly reached?: Reached;
    }
  /** Create configurations that target nobody. */
  | { readonly kind: "create"; readonly creates: readonly Create[]; readonly why: string }
  /** Sign keys to images and create the configurations that give them to devices. */
  | { readonly kind: "grant"; readonly grants: readonly AccessGrant[]; readonly why: string }
  /** Replace configurations whose etags still stand, in this order; the first that does not ends the run. */
  | { readonly kind: "write"; readonly writes: readonly HubWrite[]; readonly why: string }
  /** Delete configurations whose etags still stand. */
  | { readonly kind: "remove"; readonly removals: readonly Removal[]; readonly why: string }
  /** Note in the store which head these hubs have. */
  | { readonly kind: "mark"; readonly hubs: readonly string[]; readonly head: Digest }
  /** Store the record, then move the refs to it, in the order of the settings. */
  | { readonly kind: "record"; readonly record: RolloutRecord; readonly refs: readonly RefMove[] }
  /** Nothing to do now. */
  | { readonly kind: "wait"; readonly status: Status }
  /** Nothing may widen until a person corrects these. */
  | { readonly kind: "blocked"; readonly problems: readonly Problem[] };

/** One create on one hub. */
export interface Create {
  readonly hub: string;
  readonly document: ConfigurationDocument;
}

/** One create whose content is a key for each of these images: a decision holds none. */
export interface AccessGrant extends Create {
  readonly images: readonly LockedImage[];
}

/** One conditional write on one hub. */
export interface HubWrite extends Create {
  readonly etag: string;
  readonly why: string;
}

/** One conditional delete on one hub. */
export interface Removal {
  readonly hub: string;
  readonly id: string;
  readonly etag: string;
}

/** How one hub's ref comes to name a record: created for the first, else replaced by the etag of the deciding listing. */
export type RefMove =
  | { readonly hub: string; readonly create: true }
  | {
      readonly hub: string;
      readonly create: false;
      readonly labels: Readonly<Record<string, string>>;
      readonly etag: string;
    };

/** Where a product stands when there is nothing to do: derived, never recorded. */
export interface Status {
  readonly phase:
    "idle" | "contacting" | "baking" | "judged" | "waiting" | "held" | "rolling back" | "watching";
  readonly attempt: AttemptId | undefined;
  /** What is waited for, in words. */
  readonly text: string;
  /** True when only a person can carry on. */
  readonly needsPerson: boolean;
  /** Epoch ms before which nothing more can be decided, when known. */
  readonly notBefore?: number;
  readonly verdict?: Verdict;
}
