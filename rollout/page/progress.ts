import type { Look, Tally } from "../model/look.ts";

/** What one look counted, all strata together. */
export interface ProgressPoint {
  /** Epoch ms. */
  readonly at: number;
  /** The most devices in contact that any look had seen by then. */
  readonly contacted: number;
  readonly ok: number;
  readonly failed: number;
}

/** As many points as a picture can show. */
const MOST_POINTS = 160;

/** The counts of a series of looks, thinned for a picture: what changes is kept first. */
export function progressOf(looks: readonly Look[]): readonly ProgressPoint[] {
  let contacted = 0;
  const points = looks.map(({ at, views }) => {
    const tallies = Object.values(views.all);
    const sum = (of: (tally: Tally) => number): number => tallies.reduce((all, tally) => all + of(tally), 0);
    contacted = Math.max(
      contacted,
      sum((tally) => tally.ok + tally.failed + tally.contacted),
    );
    return { at, contacted, ok: sum(({ ok }) => ok), failed: sum(({ failed }) => failed) };
  });
  return thinned(points.filter((point, index) => isNews(points, point, index)));
}

/** A point that says the same as both its neighbours only makes a picture larger. */
function isNews(points: readonly ProgressPoint[], point: ProgressPoint, index: number): boolean {
  return [points[index - 1], points[index + 1]].some(
    (other) => other?.contacted !== point.contacted || other.ok !== point.ok || other.failed !== point.failed,
  );
}

/** As many of a list as a picture can show, evenly, and the last in any case. */
export function thinned<T>(list: readonly T[]): readonly T[] {
  const step = Math.max(1, Math.ceil(list.length / MOST_POINTS));
  return list.filter((_, index) => (list.length - 1 - index) % step === 0);
}
