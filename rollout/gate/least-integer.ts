/** Least whole number of at least `from` that satisfies a condition which, once true, stays true; by doubling, then halving. */
export function leastInteger(from: number, satisfies: (candidate: number) => boolean): number {
  let below = from - 1;
  let step = 1;
  let above = from;
  while (!satisfies(above)) {
    below = above;
    above += step;
    step *= 2;
    if (!Number.isSafeInteger(above)) throw new RangeError("no whole number satisfies the condition");
  }
  while (above - below > 1) {
    const middle = below + Math.floor((above - below) / 2);
    if (satisfies(middle)) above = middle;
    else below = middle;
  }
  return above;
}
