import { chainOf } from "../../engine/verify/chain-of.ts";
import type { AttemptId } from "../../model/attempt.ts";
import type { Digest } from "../../model/digest.ts";
import { instantMs } from "../../model/instant.ts";
import { isRolledOut, type RolloutIntent, type RolloutRecord } from "../../model/record.ts";
import type { StoreContents } from "../../model/store-contents.ts";

/** What became of one attempt, step by step, as its records tell. */
export interface RecordedCourse {
  readonly attempt: AttemptId;
  /** Its intent after each record that had one, in the order of the chain. */
  readonly steps: readonly RecordedStep[];
  /** How long the hub's queries were taken to lag, ms. */
  readonly queryLagMs: number;
  /** The fleet's `activeWithin`, as far as records tell it, ms. */
  readonly activeWithinMs: number;
}

/** An attempt as one record left it. */
export interface RecordedStep {
  /** Epoch ms. */
  readonly at: number;
  readonly kind: RolloutRecord["kind"];
  readonly intent: RolloutIntent;
  /** True when the record is about this attempt. */
  readonly isOwn: boolean;
  readonly actor: string;
  readonly reason: string;
}

/** Lag of queries where no verdict of the attempt was recorded: what Azure states as the longest, ms. */
const QUERY_LAG_MS = 30 * 60_000;
/** `activeWithin` where none was recorded: its default, ms. */
const ACTIVE_WITHIN_MS = 7 * 86_400_000;

/** The course of every attempt that a store has records of, oldest first. The head that the marks name decides, or the only tip. */
export function recordedCourses(contents: StoreContents): readonly RecordedCourse[] {
  return coursesOf(longestChain(contents).flatMap((digest) => contents.records.get(digest) ?? []));
}

/** The course of every attempt of one chain, whose records come oldest first. */
export function coursesOf(chain: readonly RolloutRecord[]): readonly RecordedCourse[] {
  const attempts = new Set(
    chain.flatMap(({ intents }) => intents.filter(isRolledOut)).map((one) => one.attempt),
  );
  return [...attempts].map((attempt) => {
    const judged = chain.flatMap((record) => (record.judged?.attempt === attempt ? [record.judged] : []));
    const checkInsMs = judged.findLast(({ contact }) => contact !== undefined)?.contact?.checkInsMs;
    return {
      attempt,
      steps: chain.flatMap((record) => stepOf(record, attempt)),
      queryLagMs: judged.at(-1)?.queryLagMs ?? QUERY_LAG_MS,
      activeWithinMs: checkInsMs === undefined ? ACTIVE_WITHIN_MS : checkInsMs / 2,
    };
  });
}

function stepOf(record: RolloutRecord, attempt: AttemptId): readonly RecordedStep[] {
  const intent = record.intents.filter(isRolledOut).find((one) => one.attempt === attempt);
  if (intent === undefined) return [];
  const isOwn = record.subject === attempt || record.stops.some((stop) => stop.attempt === attempt);
  return [
    {
      at: instantMs(record.at),
      kind: record.kind,
      intent,
      isOwn,
      actor: record.actor,
      reason: record.reason,
    },
  ];
}

function longestChain({ records, marks }: StoreContents): readonly Digest[] {
  const parents = new Set([...records.values()].map(({ parent }) => parent));
  const tips =
    marks.size > 0 ? [...marks.values()] : [...records.keys()].filter((one) => !parents.has(one)).sort();
  return tips
    .map((tip) => chainOf(records, tip).chain)
    .reduce<readonly Digest[]>((longest, chain) => (chain.length > longest.length ? chain : longest), []);
}
