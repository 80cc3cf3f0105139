import { stirlingError } from "../../gate/log-gamma.ts";
import { nextChance } from "./stream.ts";
import type { Xoshiro128 } from "./xoshiro128.ts";

/** Below this mean counting up from zero is faster, and BTRS must not be used [Hörmann 1993]. */
export const LEAST_MEAN = 10;

/** How many of `n` devices something happens to, each with chance `p` and independently. */
export function binomial(random: Xoshiro128, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  // A rejection that nothing can satisfy would never end.
  if (!(p > 0 && n < Infinity)) throw new RangeError(`${n} devices with a chance of ${p} cannot be drawn`);
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < LEAST_MEAN ? inverted(random, n, p, (1 - p) ** n) : rejected(random, n, p);
}

/**
 * By inversion: count up until the chances add up to a random one [BINV, Kachitvichyanukul & Schmeiser 1988]. `none` is
 * (1-p)^n, which the innermost loop has at hand. n·p is below 10, p at most 1/2.
 */
export function inverted(random: Xoshiro128, n: number, p: number, none: number): number {
  let left = nextChance(random);
  if (left <= none) return 0;
  const odds = p / (1 - p);
  let chance = none;
  // Rounding may leave a rest that no count uses up: n is the end.
  for (let k = 1; k <= n; k++) {
    left -= chance;
    chance *= ((n - k + 1) * odds) / k;
    if (left <= chance) return k;
  }
  return n;
}

/** By transformed rejection with squeeze [BTRS, Hörmann 1993, "The generation of binomial random variates"]. */
function rejected(random: Xoshiro128, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  for (;;) {
    const u = nextChance(random) - 0.5;
    const v = nextChance(random);
    const distance = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / distance + b) * u + centre);
    if (distance >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const alpha = (2.83 + 5.1 / b) * deviation;
    const height = Math.log((v * alpha) / (a / (distance * distance) + b));
    if (height <= logRelative(n, p, k)) return k;
  }
}

/** ln of the chance of k over that of the most likely count. */
function logRelative(n: number, p: number, k: number): number {
  const mode = Math.floor((n + 1) * p);
  const odds = p / (1 - p);
  return (
    (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
    (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
    (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
    stirlingTail(mode) +
    stirlingTail(n - mode) -
    stirlingTail(k) -
    stirlingTail(n - k)
  );
}

const TAILS = Array.from({ length: 15 }, (_, k) => stirlingError(k + 1));

/** What Stirling's formula for ln k! misses: three terms of the series are exact to 12 digits where the table ends. */
function stirlingTail(k: number): number {
  const known = TAILS[k];
  if (known !== undefined) return known;
  const next = k + 1;
  const square = next * next;
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / next;
}
