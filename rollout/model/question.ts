import type { Tally } from "./look.ts";
import type { SourceTrouble } from "./metric-reading.ts";

/** Something a decision needs to know before it can be taken: asked only when it matters. */
export type Question =
  /** Devices a query counts, by stratum. */
  | { readonly kind: "count"; readonly id: string; readonly query: string }
  /** Devices that made contact, by stratum and outcome. */
  | { readonly kind: "tally"; readonly id: string; readonly query: TallyQuery }
  /** Ids of the devices a query names, at most so many. */
  | { readonly kind: "devices"; readonly id: string; readonly query: string; readonly most: number }
  /** What the image store holds under a path. */
  | { readonly kind: "image"; readonly id: string; readonly path: string }
  /** What a source of the settings says to one query of a metric. */
  | { readonly kind: "metric"; readonly id: string; readonly request: MetricRequest };

/** One query of a metric. */
export interface MetricRequest {
  /** Name of the source in the settings. */
  readonly source: string;
  /** With its placeholders. */
  readonly query: string;
  /** What stands for them; each value is harmless inside the quotes of any query language. */
  readonly values: Readonly<Record<string, string>>;
  /** An instant is given in epoch seconds, or as ISO 8601 text, and answered in epoch seconds. */
  readonly wants: "number" | "instant";
  /** Epoch ms of the look: the instant the query is about. */
  readonly atMs: number;
  /** Data that is older is none. */
  readonly freshnessMs: number;
}

/** What a source said. */
export type MetricAnswer =
  /** At least one stratum, or `*`; every number is finite. */
  | { readonly state: "measured"; readonly byStratum: Readonly<Record<string, number>> }
  | { readonly state: "no data" }
  /** `detail` is for people, and holds no secret. */
  | { readonly state: "broken"; readonly trouble: SourceTrouble; readonly detail: string };

/** The same count in two ways: a hub that does not group by two keys is asked once an outcome. */
export interface TallyQuery {
  /** Rows `{ stratum?, outcome, devices }`. */
  readonly grouped: string;
  /** Rows `{ stratum?, devices }`, for one outcome each. */
  readonly each: Readonly<Record<keyof Tally, string>>;
}

/** The answer, or why there is none: a failed query never counts as zero. */
export type Answer =
  | {
      readonly kind: "count";
      readonly byStratum: Readonly<Record<string, number>>;
      /** The same devices by the hub they are on, where it was asked hub by hub. */
      readonly byHub?: Readonly<Record<string, number>>;
      /** Hubs that did not answer: what they hold is not counted. */
      readonly missing?: readonly string[];
    }
  | {
      readonly kind: "tally";
      readonly byStratum: Readonly<Record<string, Tally>>;
      readonly missing?: readonly string[];
    }
  | { readonly kind: "devices"; readonly ids: readonly string[] }
  | { readonly kind: "image"; readonly image: StoredImage | undefined }
  | { readonly kind: "metric"; readonly result: MetricAnswer }
  | { readonly kind: "failed"; readonly reason: string };

/** An image as it is stored, whatever its name says. */
export interface StoredImage {
  readonly size: number;
  readonly sha256: string;
}

/** Answers by the question's id. */
export type Answers = ReadonlyMap<string, Answer>;

/** What became of a set of questions: everything known, something still to ask, or somebody did not answer. */
export type Asked<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "ask"; readonly questions: readonly Question[] }
  | { readonly kind: "failed"; readonly reason: string };

/** Collect the answers to several counts; keys are the caller's own. */
export function askCounts<Key extends string>(
  answers: Answers,
  queries: Readonly<Record<Key, string>>,
): Asked<Readonly<Record<Key, Readonly<Record<string, number>>>>> {
  const found: Partial<Record<Key, Readonly<Record<string, number>>>> = {};
  const questions: Question[] = [];
  // Object.keys forgets the key type that the parameter has.
  for (const key of Object.keys(queries) as Key[]) {
    const query = queries[key];
    const answer = answers.get(query);
    if (answer === undefined) questions.push({ kind: "count", id: query, query });
    else if (answer.kind !== "count")
      return { kind: "failed", reason: answer.kind === "failed" ? answer.reason : "something else answered" };
    else if (answer.missing !== undefined && answer.missing.length > 0)
      return { kind: "failed", reason: `no answer of ${answer.missing.join(", ")}` };
    else found[key] = answer.byStratum;
  }
  if (questions.length > 0) return { kind: "ask", questions };
  // Every key was asked and answered.
  return { kind: "known", value: found as Record<Key, Readonly<Record<string, number>>> };
}

/** Several things asked at once: one round of questions instead of one each. */
export function askAll<T>(all: readonly Asked<T>[]): Asked<readonly T[]> {
  const questions: Question[] = [];
  const values: T[] = [];
  for (const asked of all) {
    if (asked.kind === "failed") return asked;
    if (asked.kind === "ask") questions.push(...asked.questions);
    else values.push(asked.value);
  }
  return questions.length > 0 ? { kind: "ask", questions } : { kind: "known", value: values };
}

/** What is known of a tally; what nobody answered is missing, and never a zero that counts for something. */
export interface KnownTally {
  readonly byStratum: Readonly<Record<string, Tally>>;
  /** What did not answer; empty: everything did. */
  readonly missing: readonly string[];
}

/** The tally of each query, as far as it is known; failed, when nobody answered any of them. */
export function askTallies<Key extends string>(
  answers: Answers,
  queries: Readonly<Record<Key, TallyQuery>>,
): Asked<Readonly<Record<Key, KnownTally>>> {
  // Object.keys forgets the key type that the parameter has.
  const keys = Object.keys(queries) as Key[];
  const questions = keys.flatMap((key): Question[] => {
    const query = queries[key];
    return answers.has(query.grouped) ? [] : [{ kind: "tally", id: query.grouped, query }];
  });
  if (questions.length > 0) return { kind: "ask", questions };
  const found = keys.map((key): [Key, KnownTally] => {
    const answer = answers.get(queries[key].grouped);
    if (answer?.kind === "tally")
      return [key, { byStratum: answer.byStratum, missing: answer.missing ?? [] }];
    const reason = answer?.kind === "failed" ? answer.reason : "something else answered";
    return [key, { byStratum: {}, missing: [reason] }];
  });
  const isUnanswered = keys.every((key) => answers.get(queries[key].grouped)?.kind !== "tally");
  const [first] = found;
  if (isUnanswered) return { kind: "failed", reason: first?.[1].missing[0] ?? "nothing was asked" };
  // Every key was asked.
  return { kind: "known", value: Object.fromEntries(found) as Record<Key, KnownTally> };
}

/** Ids of the devices a query names; of more than `most` only that they are more: `most` + 1 of them. */
export function askDevices(answers: Answers, query: string, most: number): Asked<readonly string[]> {
  const answer = answers.get(query);
  if (answer === undefined)
    return { kind: "ask", questions: [{ kind: "devices", id: query, query, most: most + 1 }] };
  return answer.kind === "devices"
    ? { kind: "known", value: answer.ids }
    : { kind: "failed", reason: answer.kind === "failed" ? answer.reason : "a count answered for ids" };
}

/** What the image store holds under a path. */
export function askImage(answers: Answers, path: string): Asked<StoredImage | undefined> {
  const id = `image ${path}`;
  const answer = answers.get(id);
  if (answer === undefined) return { kind: "ask", questions: [{ kind: "image", id, path }] };
  return answer.kind === "image"
    ? { kind: "known", value: answer.image }
    : { kind: "failed", reason: answer.kind === "failed" ? answer.reason : "a count answered for an image" };
}

/** Devices that an answered query counted on one hub; those of all hubs, where it was not asked hub by hub. */
export function countedOn(answers: Answers, query: string, hub: string): number {
  const answer = answers.get(query);
  if (answer?.kind !== "count") return 0;
  return answer.byHub === undefined ? totalOf(answer.byStratum) : (answer.byHub[hub] ?? 0);
}

/** Sum of counts over strata. */
export function totalOf(byStratum: Readonly<Record<string, number>>): number {
  return Object.values(byStratum).reduce((sum, count) => sum + count, 0);
}
