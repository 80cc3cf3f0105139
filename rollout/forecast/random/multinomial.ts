import { addTo } from "../device-counts.ts";
import { binomial } from "./binomial.ts";
import { nextChance } from "./stream.ts";
import type { Xoshiro128 } from "./xoshiro128.ts";

/** Up to so many devices are placed one by one; more are split by a binomial count a cell. */
const ONE_BY_ONE = 6;

/** Put each of `count` devices into one cell, with the cells' chances, and add them to `into`, which has a cell for each. */
export function multinomial(
  random: Xoshiro128,
  count: number,
  chances: Float64Array,
  into: Int32Array,
): void {
  const last = chances.length - 1;
  if (count <= ONE_BY_ONE) {
    for (let device = 0; device < count; device++) {
      let left = nextChance(random);
      let cell = 0;
      while (cell < last && left > (chances[cell] ?? 0)) left -= chances[cell++] ?? 0;
      addTo(into, cell, 1);
    }
    return;
  }
  let rest = count;
  let chanceLeft = 1;
  for (let cell = 0; cell < last && rest > 0; cell++) {
    const chance = chances[cell] ?? 0;
    const here = binomial(random, rest, chance / chanceLeft);
    addTo(into, cell, here);
    rest -= here;
    chanceLeft -= chance;
  }
  addTo(into, last, rest);
}
