import { chanceWithin, type ContactClass } from "./laws.ts";
import { normalized } from "./normalized.ts";
import { increments, type WaveSeries } from "./wave-series.ts";

/** Chances to make contact within an hour that a fleet is taken to be mixed from. */
const CONTACT_GRID = [0.99, 0.9, 0.6, 0.3, 0.15, 0.08, 0.03, 0.01, 0.003, 0];
const ROUNDS = 300;
/** A class with less than this share is noise. */
const LEAST_SHARE = 0.002;

/** The mixture of classes that makes the increments of contacts most likely, by expectation and maximisation. */
export function fitContact(waves: readonly WaveSeries[]): readonly ContactClass[] {
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
