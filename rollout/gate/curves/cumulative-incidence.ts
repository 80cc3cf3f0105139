import { eventTimes, type End } from "./event-times.ts";

/** Shares of devices that have ended by each cause by an instant; with the rest they make 1. */
export interface Incidence {
  readonly byCause: ReadonlyMap<string, number>;
  /** Share that has not ended. */
  readonly unresolved: number;
}

/** The same at each instant at which a device ended, or was lost sight of. */
export interface IncidencePoint extends Incidence {
  readonly time: number;
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
  const { byCause, unresolved } = incidenceCurve(ends).findLast(({ time }) => time <= at) ?? NOTHING_YET;
  return { byCause, unresolved };
}

/** The whole curve of it, in order of time. */
export function incidenceCurve(ends: readonly End[]): readonly IncidencePoint[] {
  const points: IncidencePoint[] = [];
  for (const { time, atRisk, byCause: events } of eventTimes(ends)) {
    const before = points.at(-1) ?? NOTHING_YET;
    const byCause = new Map(before.byCause);
    let ended = 0;
    for (const [cause, count] of events) {
      byCause.set(cause, (byCause.get(cause) ?? 0) + (before.unresolved * count) / atRisk);
      ended += count;
    }
    points.push({ time, byCause, unresolved: before.unresolved * (1 - ended / atRisk) });
  }
  return points;
}

const NOTHING_YET: Incidence = { byCause: new Map(), unresolved: 1 };
