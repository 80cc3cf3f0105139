import type { AttemptId } from "../model/attempt.ts";
import type { ConfigurationDocument } from "../model/configuration.ts";
import type { Digest } from "../model/digest.ts";
import type { Problem } from "../model/problem.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Question } from "../model/question.ts";

/** The one thing to do next. Everything but `ask`, `wait` and `blocked` is followed by a new observation. */
export type Step =
  /** Find these out, then decide again on the same observation. */
  | { readonly kind: "ask"; readonly questions: readonly Question[] }
  /** Act first: write the stop wherever it does not stand yet. */
  | {
      readonly kind: "stop";
      readonly stop: Stop;
      readonly why: string;
      /** Ids of the stops in the chain, when this one was found and is copied. */
      readonly recorded?: ReadonlySet<string>;
    }
  /** Create a configuration that targets nobody. */
  | { readonly kind: "create"; readonly document: ConfigurationDocument; readonly why: string }
  /** Replace a configuration if its etag still stands. */
  | {
      readonly kind: "write";
      readonly document: ConfigurationDocument;
      readonly etag: string;
      readonly why: string;
    }
  /** Note in the store which head the hub has. */
  | { readonly kind: "mark"; readonly head: Digest }
  /** Store the record, then move the ref to it. */
  | { readonly kind: "record"; readonly record: RolloutRecord; readonly ref: RefMove }
  /** Nothing to do now. */
  | { readonly kind: "wait"; readonly status: Status }
  /** Nothing may widen until a person corrects these. */
  | { readonly kind: "blocked"; readonly problems: readonly Problem[] };

/** How the ref comes to name a record: created for the first, else replaced by the etag of the deciding listing. */
export type RefMove =
  | { readonly create: true }
  | { readonly create: false; readonly labels: Readonly<Record<string, string>>; readonly etag: string };

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
