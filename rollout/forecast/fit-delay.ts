import type { DelayLaw } from "./laws.ts";
import { normalized } from "./normalized.ts";
import { increments, type Point, type WaveSeries } from "./wave-series.ts";

const ROUNDS = 300;
/** Fewer outcomes than this say little about their delays. */
const LEAST_OUTCOMES = 20;
const MINUTE_MS = 60_000;
/** Ends of the cells that a delay is taken to fall into, evenly within each. */
const DELAY_ENDS_MS = [5, 15, 30, 60, 120, 240, 480, 960, 1_440, 2_880, 5_760].map(
  (minutes) => minutes * MINUTE_MS,
);

/**
 * The delays that make the increments of outcomes most likely, given those of the contacts [Richardson 1972, Lucy 1974];
 * undefined where too few outcomes were seen, or all of them later than the longest delay that is told apart.
 */
export function fitDelay(waves: readonly WaveSeries[], of: (point: Point) => number): DelayLaw | undefined {
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
