import { createXoshiro128, type Xoshiro128 } from "./xoshiro128.ts";

/**
 * A stream of random numbers of its own for each list of whole numbers, such as (seed, scenario, replication, stratum):
 * what one part of a forecast draws does not depend on what the others have drawn, on their order or on who computes
 * them, and two policies meet the same devices.
 */
export function streamOf(...place: readonly number[]): Xoshiro128 {
  // A chain for each word: 128 bits keep the streams of millions of rollouts apart.
  const word = (start: number): number =>
    place.reduce((hash, part) => mixed(Math.imul(hash, 0x9e3779b1) + mixed((part >>> 0) ^ start)), start);
  // The last word is odd, so that they are never all zero.
  return createXoshiro128([word(0x243f6a88), word(0x85a308d3), word(0x13198a2e), word(0x03707344) | 1]);
}

/** A chance strictly between 0 and 1, from 32 bits: finer steps change no count of up to a billion devices. */
export function nextChance(random: Xoshiro128): number {
  return (random.nextUint32() + 0.5) / 2 ** 32;
}

/** Spread the bits of 32 over all of them: the finalizer of MurmurHash3 [Appleby, public domain]. */
function mixed(bits: number): number {
  let hash = bits | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
