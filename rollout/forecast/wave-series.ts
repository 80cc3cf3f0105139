import type { Tally } from "../model/look.ts";
import type { PastRollout } from "./past-rollout.ts";

/** What was counted some time after a wave opened. */
export interface Point {
  readonly sinceMs: number;
  /** Devices that had made contact, those with an outcome included. */
  readonly contacted: number;
  readonly ok: number;
  readonly failed: number;
}

/** What the looks at one wave counted, step by step. */
export interface WaveSeries {
  /** Recently active devices that it added. */
  readonly added: number;
  /** The first is the opening, when nothing was counted. */
  readonly points: readonly Point[];
}

/** Counts when a wave opens. */
const NOTHING: Point = { sinceMs: 0, contacted: 0, ok: 0, failed: 0 };
/** More looks of one wave are thinned: increments of an hour say as much as those of five minutes. */
const MOST_POINTS = 240;

/** The waves of an earlier rollout that were looked at. */
export function waveSeries({ waves, looks }: PastRollout): readonly WaveSeries[] {
  return waves.flatMap(({ openedAt, added }, wave): readonly WaveSeries[] => {
    const own = looks.filter((look) => look.wave === wave && look.at > openedAt);
    const step = Math.max(1, Math.ceil(own.length / MOST_POINTS));
    const chosen = own.filter((_, index) => (own.length - 1 - index) % step === 0);
    if (chosen.length === 0 || added === 0) return [];
    const points: Point[] = [NOTHING];
    for (const { at, views } of chosen) {
      const tallies = Object.values(views.wave);
      const sum = (of: (tally: Tally) => number): number =>
        tallies.reduce((all, tally) => all + of(tally), 0);
      const before = points.at(-1) ?? NOTHING;
      // Counts that shrink are devices that left; what they did before stands.
      points.push({
        sinceMs: at - openedAt,
        contacted: Math.max(
          before.contacted,
          sum(({ ok, failed, contacted }) => ok + failed + contacted),
        ),
        ok: Math.max(
          before.ok,
          sum(({ ok }) => ok),
        ),
        failed: Math.max(
          before.failed,
          sum(({ failed }) => failed),
        ),
      });
    }
    return [{ added, points }];
  });
}

/** The steps from one point to the next. */
export function increments(
  points: readonly Point[],
): readonly { readonly from: Point; readonly to: Point }[] {
  return points.slice(1).map((to, index) => ({ from: points[index] ?? to, to }));
}
