import { eventTimes, type End } from "./event-times.ts";

/** Shares of devices that have ended by each cause by an instant; with the rest they make 1. */
export interface Incidence {
  readonly byCause: ReadonlyMap<string, number>;
  /** Share that has not ended. */
  readonly unresolved: number;
}

/**
 * Cumulative incidence by cause [Aalen & Johansen 1978]: how many devices end by success, failure or silence by an
 * instant. One minus a survival curve of one cause that treats the others as lost would overstate each [Satagopan 2004].
 */
export function cumulativeIncidence({
  ends,
  at,
}: {
  readonly ends: readonly End[];
  readonly at: number;
}): Incidence {
  const byCause = new Map<string, number>();
  let unresolved = 1;
  for (const { time, atRisk, byCause: events } of eventTimes(ends)) {
    if (time > at) break;
    let ended = 0;
    for (const [cause, count] of events) {
      byCause.set(cause, (byCause.get(cause) ?? 0) + (unresolved * count) / atRisk);
      ended += count;
    }
    unresolved *= 1 - ended / atRisk;
  }
  return { byCause, unresolved };
}
