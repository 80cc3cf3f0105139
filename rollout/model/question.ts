/** Something a decision needs to know before it can be taken: asked only when it matters. */
export type Question =
  /** Devices a query counts, by stratum. */
  | { readonly kind: "count"; readonly id: string; readonly query: string }
  /** What the image store holds under a path. */
  | { readonly kind: "image"; readonly id: string; readonly path: string };

/** The answer, or why there is none: a failed query never counts as zero. */
export type Answer =
  | {
      readonly kind: "count";
      readonly byStratum: Readonly<Record<string, number>>;
      /** The same devices by the hub they are on, where it was asked hub by hub. */
      readonly byHub?: Readonly<Record<string, number>>;
      /** Hubs whose devices are not in it, because they did not answer. */
      readonly missing?: readonly string[];
    }
  | { readonly kind: "image"; readonly image: StoredImage | undefined }
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
    else if (answer.kind === "count" && answer.missing !== undefined)
      return { kind: "failed", reason: `${answer.missing.join(", ")} did not answer` };
    else if (answer.kind === "count") found[key] = answer.byStratum;
    else if (answer.kind === "failed") return { kind: "failed", reason: answer.reason };
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
