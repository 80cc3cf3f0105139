import type { HubView } from "../engine/observation.ts";
import type { Tally } from "../model/look.ts";
import { WavegateError } from "../model/problem.ts";
import { totalOf, type Answer, type Question } from "../model/question.ts";
import type { HubPort, ImagePort, MetricPort } from "./ports.ts";

/** Who answers questions. */
export interface Respondents {
  readonly hubs: readonly HubPort[];
  /** What was listed: a hub that did not answer then is not asked. */
  readonly seen: readonly HubView[];
  readonly images: ImagePort;
  /** Absent: the settings have no sources. */
  readonly metrics?: MetricPort | undefined;
}

/** Find several things out: of the hub one after the other, as its limits want it, of sources of metrics all at once. */
export async function answerAll(
  questions: readonly Question[],
  answers: Map<string, Answer>,
  asked: Respondents,
): Promise<void> {
  // One text may be asked for two reasons.
  const fresh = new Map(questions.map((question) => [question.id, question]));
  const open = [...fresh.values()].filter(({ id }) => !answers.has(id));
  const keep = async (question: Question): Promise<void> => {
    answers.set(question.id, await answer(question, asked));
  };
  const measuring = Promise.all(open.filter(({ kind }) => kind === "metric").map(keep));
  for (const question of open) if (question.kind !== "metric") await keep(question);
  await measuring;
}

/** Find one thing out; counts are summed over the hubs. Trouble is an answer too, and never a zero. */
export async function answer(question: Question, asked: Respondents): Promise<Answer> {
  switch (question.kind) {
    case "count":
      return summed(asked, {
        ask: (hub) => hub.count(question.query),
        answer: (counts) => ({
          kind: "count",
          byStratum: sumOf(counts, (one, other) => one + other),
          byHub: Object.fromEntries(counts.map(({ hub, value }) => [hub, totalOf(value)])),
        }),
      });
    case "tally":
      return summed(asked, {
        ask: (hub) => hub.tally(question.query),
        answer: (tallies) => ({ kind: "tally", byStratum: sumOf(tallies, addTallies) }),
      });
    case "devices": {
      const { known, missing, reason } = await onEach(asked, (hub) =>
        hub.deviceIds(question.query, question.most),
      );
      // Names of some would pass for the names of all.
      return missing.length > 0
        ? { kind: "failed", reason: reason ?? `no answer of ${missing.join(", ")}` }
        : { kind: "devices", ids: known.flatMap(({ value }) => value).slice(0, question.most) };
    }
    case "metric": {
      const { request } = question;
      const detail = `the settings have no source "${request.source}"`;
      const none = { state: "broken", trouble: "unknown source", detail } as const;
      return { kind: "metric", result: (await asked.metrics?.measure(request)) ?? none };
    }
    case "image": {
      const image = await settled("the image store", () => asked.images.describe(question.path));
      return "value" in image
        ? { kind: "image", image: image.value }
        : { kind: "failed", reason: image.reason };
    }
  }
}

/** What one hub answered. */
interface FromHub<T> {
  readonly hub: string;
  readonly value: T;
}

async function settled<T>(
  hub: string,
  run: () => Promise<T>,
): Promise<FromHub<T> | { readonly hub: string; readonly reason: string }> {
  try {
    return { hub, value: await run() };
  } catch (error) {
    // Whoever interrupts wants no answer, and none that a decision is made by.
    if (error instanceof WavegateError && error.code !== "INTERRUPTED")
      return { hub, reason: `${error.code}: ${error.message}` };
    throw error;
  }
}

/** Counts of every hub, added up; hubs that are not in it are named. */
async function summed<T>(
  asked: Respondents,
  how: {
    readonly ask: (hub: HubPort) => Promise<Readonly<Record<string, T>>>;
    readonly answer: (
      all: readonly FromHub<Readonly<Record<string, T>>>[],
    ) => Extract<Answer, { kind: "count" | "tally" }>;
  },
): Promise<Answer> {
  const { known, missing, reason } = await onEach(asked, how.ask);
  if (known.length === 0 && reason !== undefined) return { kind: "failed", reason };
  return missing.length === 0 ? how.answer(known) : { ...how.answer(known), missing };
}

/** Ask every hub that answered the listing. */
async function onEach<T>(
  { hubs, seen }: Respondents,
  ask: (hub: HubPort) => Promise<T>,
): Promise<{
  readonly known: readonly FromHub<T>[];
  readonly missing: readonly string[];
  readonly reason?: string;
}> {
  const reached = hubs.filter(({ name }) => seen.find((hub) => hub.name === name)?.listing !== undefined);
  const answers = await Promise.all(reached.map((hub) => settled(hub.name, () => ask(hub))));
  const failed = answers.filter((one) => "reason" in one);
  const [first] = failed;
  const unasked = hubs.filter((hub) => !reached.includes(hub)).map(({ name }) => name);
  return {
    known: answers.flatMap((one) => ("value" in one ? [one] : [])),
    missing: [...unasked, ...failed.map(({ hub }) => hub)],
    ...(first === undefined ? {} : { reason: first.reason }),
  };
}

function sumOf<T>(
  all: readonly FromHub<Readonly<Record<string, T>>>[],
  add: (one: T, other: T) => T,
): Readonly<Record<string, T>> {
  const total = new Map<string, T>();
  for (const [stratum, value] of all.flatMap(({ value: one }) => Object.entries(one))) {
    const before = total.get(stratum);
    total.set(stratum, before === undefined ? value : add(before, value));
  }
  return Object.fromEntries(total);
}

function addTallies(one: Tally, other: Tally): Tally {
  return {
    ok: one.ok + other.ok,
    failed: one.failed + other.failed,
    contacted: one.contacted + other.contacted,
  };
}
