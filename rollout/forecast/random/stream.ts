import { createXoshiro128, type Xoshiro128 } from "./xoshiro128.ts";

/**
 * A stream of random numbers of its own for each list of whole numbers, such as (seed, scenario, replication, stratum):
 * what one part of a forecast draws does not depend on what the others have drawn, on their order or on who computes
 * them, and two policies meet the same devices.
 */
export function streamOf(...place: readonly number[]): Xoshiro128 {
  let hash = 0x9e3779b9;
  for (const part of place) hash = mixed(hash ^ mixed((part >>> 0) + 0x9e3779b9 + Math.imul(hash, 31)));
  const word = (index: number): number => mixed(hash + Math.imul(index, 0x9e3779b9));
  // The last word is odd, so that they are never all zero.
  return createXoshiro128([word(1), word(2), word(3), word(4) | 1]);
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
