import { percent } from "./cohort.ts";
import type { WaveDeclaration } from "./wave.ts";

/** More waves than this are no ramp. */
const MOST_WAVES = 20;

/**
 * Waves that grow by a factor: `ramp({ from: 1, factor: 5 })` is 1%, 5%, 25%, 100%. From `to` (default 100) on it is one
 * more step to everyone. Whatever else a wave takes is given to each of them. Data only: the same call, the same waves.
 */
export function ramp(
  input: {
    /** Percent of the first wave. */
    readonly from: number;
    /** Percent at which it stops growing by the factor. */
    readonly to?: number;
    readonly factor: number;
  } & Omit<WaveDeclaration, "name" | "cohort" | "startAt">,
): readonly WaveDeclaration[] {
  const { from, to = 100, factor, ...rest } = input;
  if (!(from > 0 && from <= to && to <= 100)) throw new RangeError("ramp: 0 < from <= to <= 100, in percent");
  if (!(factor > 1)) throw new RangeError("ramp: the factor must be above 1");
  const shares: number[] = [];
  // Four digits are kept, so that 0.1 by 3 is 0.3 and not 0.30000000000000004.
  for (let share = from; share < to; share *= factor) {
    shares.push(Number(share.toPrecision(4)));
    if (shares.length > MOST_WAVES) throw new RangeError(`ramp: over ${MOST_WAVES} waves; raise the factor`);
  }
  const all = [...new Set([...shares, to, 100])];
  return all.map((share) => ({ name: `${share}%`, cohort: percent(share), ...rest }));
}
