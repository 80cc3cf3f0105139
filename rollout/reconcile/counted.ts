import type { Observation } from "../engine/observation.ts";
import type { Answer } from "../model/question.ts";
import { isJudged } from "../model/record.ts";
import { tallyQuery } from "../plan/queries.ts";
import type { Effect } from "./act.ts";

/** Rounds that begin later than this after a count are not answered by it, by a clock that never jumps. */
const LIFE_MS = 60_000;

/**
 * What earlier rounds of a run were answered. A run lists the hub before every step, for the etags, but counts once: its
 * later rounds judge the same look, at the same instant, so that a count is never taken for one of a later time.
 */
export interface Counted {
  readonly at: number;
  readonly answers: ReadonlyMap<string, Answer>;
  /** By the clock that never jumps. */
  readonly until: number;
}

/** What is known after a round that began at an instant of the clock that never jumps. */
export function countedIn(
  { at, answers }: Observation,
  monotonicMs: number,
  before: Counted | undefined,
): Counted {
  return {
    until: before?.until ?? monotonicMs + LIFE_MS,
    at,
    answers: new Map([...answers].filter(isWhole)),
  };
}

/** The same after a step: a wave that was opened at this very instant has no contacts, and need not be counted for that. */
export function countedAfter(step: Effect, counted: Counted, queryLagMs: number): Counted {
  if (step.kind !== "record") return counted;
  const { product, intents } = step.record;
  const opened = intents.filter(isJudged).filter(({ openedAt }) => openedAt === counted.at);
  const nobody: Answer = { kind: "tally", byStratum: {} };
  const views = opened.map(({ attempt, openedAt }): [string, Answer] => {
    const { grouped } = tallyQuery({ product, attempt, since: openedAt - queryLagMs });
    return [grouped, nobody];
  });
  return { ...counted, answers: new Map([...counted.answers, ...views]) };
}

/** Undefined once it is too old. */
export function countedUntil(counted: Counted | undefined, monotonicMs: number): Counted | undefined {
  return counted !== undefined && monotonicMs <= counted.until ? counted : undefined;
}

/** Whoever did not answer, or not for every hub, is asked again. */
function isWhole([, answer]: readonly [string, Answer]): boolean {
  return answer.kind !== "failed" && !("missing" in answer && answer.missing.length > 0);
}
