import type { AttemptId } from "../model/attempt.ts";
import type { Look, Tally } from "../model/look.ts";
import { assumedLaws, chanceWithin, type ContactClass, type DelayLaw, type FleetLaws } from "./laws.ts";

/** An earlier rollout, as its records and looks tell it. */
export interface PastRollout {
  readonly attempt: AttemptId;
  /** When each wave opened (epoch ms), and how many recently active devices it added. */
  readonly waves: readonly { readonly openedAt: number; readonly added: number }[];
  readonly looks: readonly Look[];
}

/** Fewer contacts than this say little about a fleet. */
const LEAST_CONTACTS = 100;
const LEAST_OUTCOMES = 20;

/**
 * How a fleet behaves, from earlier rollouts of the same product: the shares of devices that make contact fast, slowly or
 * never, and the delays of their outcomes, from the increments between looks. undefined where too little was seen. What
 * too few devices did is assumed, and the source says so.
 */
export function fitLaws(
  past: readonly PastRollout[],
  gate: { readonly deadlineMs: number },
): FleetLaws | undefined {
  const waves = past.flatMap(waveSeries);
  const contacts = waves.reduce((sum, { points }) => sum + (points.at(-1)?.contacted ?? 0), 0);
  if (contacts < LEAST_CONTACTS) return undefined;
  const assumed = assumedLaws(gate);
  const success = fitDelay(waves, ({ ok }) => ok);
  const failure = fitDelay(waves, ({ failed }) => failed);
  const looks = past.reduce((sum, one) => sum + one.looks.length, 0);
  const kept = [
    ...(success === undefined ? ["delays of successes"] : []),
    ...(failure === undefined ? ["delays of failures"] : []),
    "late defects",
  ];
  return {
    source: `fitted from ${looks} looks of ${past.map(({ attempt }) => attempt).join(", ")} (assumed: ${kept.join(", ")})`,
    contact: fitContact(waves),
    success: success ?? assumed.success,
    failure: failure ?? assumed.failure,
    late: assumed.late,
  };
}

/** What was counted some time after a wave opened. */
interface Point {
  readonly sinceMs: number;
  readonly contacted: number;
  readonly ok: number;
  readonly failed: number;
}

interface WaveSeries {
  readonly added: number;
  /** The first is the opening, when nothing was counted. */
  readonly points: readonly Point[];
}

/** More looks of one wave are thinned: increments of an hour say as much as those of five minutes. */
const MOST_POINTS = 240;

function waveSeries({ waves, looks }: PastRollout): readonly WaveSeries[] {
  return waves.flatMap(({ openedAt, added }, wave): readonly WaveSeries[] => {
    const own = looks.filter((look) => look.wave === wave && look.at > openedAt);
    const step = Math.max(1, Math.ceil(own.length / MOST_POINTS));
    const chosen = own.filter((_, index) => (own.length - 1 - index) % step === 0);
    if (chosen.length === 0 || added === 0) return [];
    const points: Point[] = [{ sinceMs: 0, contacted: 0, ok: 0, failed: 0 }];
    for (const { at, views } of chosen) {
      const tallies = Object.values(views.wave);
      const sum = (of: (tally: Tally) => number): number =>
        tallies.reduce((all, tally) => all + of(tally), 0);
      const before = points.at(-1);
      // Counts that shrink are devices that left; what they did before stands.
      points.push({
        sinceMs: at - openedAt,
        contacted: Math.max(
          before?.contacted ?? 0,
          sum(({ ok, failed, contacted }) => ok + failed + contacted),
        ),
        ok: Math.max(
          before?.ok ?? 0,
          sum(({ ok }) => ok),
        ),
        failed: Math.max(
          before?.failed ?? 0,
          sum(({ failed }) => failed),
        ),
      });
    }
    return [{ added, points }];
  });
}

/** Chances to make contact within an hour that a fleet is taken to be mixed from. */
const CONTACT_GRID = [0.99, 0.9, 0.6, 0.3, 0.15, 0.08, 0.03, 0.01, 0.003, 0];
const ROUNDS = 300;
/** A class with less than this share is noise. */
const LEAST_SHARE = 0.002;

/** The mixture of classes that makes the increments of contacts most likely, by expectation and maximisation. */
function fitContact(waves: readonly WaveSeries[]): readonly ContactClass[] {
  const cells = waves.flatMap(({ added, points }) => {
    const last = points.at(-1);
    const rest = Math.max(0, added - (last?.contacted ?? 0));
    return [
      ...increments(points).map(({ from, to }) => ({
        devices: to.contacted - from.contacted,
        chances: CONTACT_GRID.map(
          (perHour) => chanceWithin(perHour, to.sinceMs) - chanceWithin(perHour, from.sinceMs),
        ),
      })),
      {
        devices: rest,
        chances: CONTACT_GRID.map((perHour) => 1 - chanceWithin(perHour, last?.sinceMs ?? 0)),
      },
    ].filter(({ devices }) => devices > 0);
  });
  let shares = CONTACT_GRID.map(() => 1 / CONTACT_GRID.length);
  for (let round = 0; round < ROUNDS; round++) {
    const next = CONTACT_GRID.map(() => 0);
    for (const { devices, chances } of cells) {
      const total = shares.reduce((sum, share, index) => sum + share * (chances[index] ?? 0), 0);
      if (total === 0) continue;
      shares.forEach((share, index) => {
        next[index] = (next[index] ?? 0) + (devices * share * (chances[index] ?? 0)) / total;
      });
    }
    shares = normalized(next);
  }
  const kept = normalized(shares.map((share) => (share < LEAST_SHARE ? 0 : share)));
  return CONTACT_GRID.flatMap((perHour, index) => {
    const share = kept[index] ?? 0;
    const name = perHour === 0 ? "gone" : `${Number((perHour * 100).toPrecision(3))}% an hour`;
    return share === 0 ? [] : [{ name, share, perHour }];
  });
}

const MINUTE_MS = 60_000;
/** Ends of the cells that a delay is taken to fall into, evenly within each. */
const DELAY_ENDS_MS = [5, 15, 30, 60, 120, 240, 480, 960, 1_440, 2_880, 5_760].map(
  (minutes) => minutes * MINUTE_MS,
);

/** The delays that make the increments of outcomes most likely, given those of the contacts [Richardson 1972, Lucy 1974]. */
function fitDelay(waves: readonly WaveSeries[], of: (point: Point) => number): DelayLaw | undefined {
  const outcomes = waves.reduce((sum, { points }) => sum + lastOf(points, of), 0);
  if (outcomes < LEAST_OUTCOMES) return undefined;
  const rows = waves.flatMap(({ points }) => {
    const steps = increments(points);
    return steps.map(({ from, to }, index) => ({
      found: of(to) - of(from),
      // Whoever made contact in this step or an earlier one, in the middle of it, by the cell of the delay.
      reach: DELAY_ENDS_MS.map((_, cell) =>
        steps.slice(0, index + 1).reduce((sum, earlier) => {
          const contactAt = (earlier.from.sinceMs + earlier.to.sinceMs) / 2;
          const share =
            shareOfCell(cell, to.sinceMs - contactAt) - shareOfCell(cell, from.sinceMs - contactAt);
          return sum + (earlier.to.contacted - earlier.from.contacted) * share;
        }, 0),
      ),
    }));
  });
  const reached = DELAY_ENDS_MS.map((_, cell) =>
    rows.reduce((sum, { reach }) => sum + (reach[cell] ?? 0), 0),
  );
  let chances = DELAY_ENDS_MS.map(() => 1 / DELAY_ENDS_MS.length);
  for (let round = 0; round < ROUNDS; round++) {
    const ratios = DELAY_ENDS_MS.map(() => 0);
    for (const { found, reach } of rows) {
      const expected = chances.reduce((sum, chance, cell) => sum + chance * (reach[cell] ?? 0), 0);
      if (expected === 0 || found === 0) continue;
      reach.forEach((devices, cell) => {
        ratios[cell] = (ratios[cell] ?? 0) + (devices * found) / expected;
      });
    }
    chances = chances.map((chance, cell) =>
      (reached[cell] ?? 0) === 0 ? 0 : (chance * (ratios[cell] ?? 0)) / (reached[cell] ?? 1),
    );
  }
  // Every outcome came later than the longest delay there is a cell for.
  if (chances.every((chance) => chance === 0)) return undefined;
  let sum = 0;
  const law = normalized(chances).map((chance, cell) => {
    sum += chance;
    return { withinMs: DELAY_ENDS_MS[cell] ?? 0, share: Math.min(1, sum) };
  });
  // The last cells with anything in them end the law.
  const end = law.findIndex(({ share }) => share >= 1 - 1e-6);
  return [...law.slice(0, end), { withinMs: law[end]?.withinMs ?? 0, share: 1 }];
}

function lastOf(points: readonly Point[], of: (point: Point) => number): number {
  const last = points.at(-1);
  return last === undefined ? 0 : of(last);
}

/** Part of a delay's cell that lies before an age. */
function shareOfCell(cell: number, ageMs: number): number {
  const from = DELAY_ENDS_MS[cell - 1] ?? 0;
  const to = DELAY_ENDS_MS[cell] ?? Infinity;
  return Math.min(1, Math.max(0, (ageMs - from) / (to - from)));
}

function increments(points: readonly Point[]): readonly { readonly from: Point; readonly to: Point }[] {
  return points.slice(1).map((to, index) => ({ from: points[index] ?? to, to }));
}

function normalized(values: readonly number[]): number[] {
  const sum = values.reduce((all, value) => all + value, 0);
  return values.map((value) => (sum === 0 ? 0 : value / sum));
}
