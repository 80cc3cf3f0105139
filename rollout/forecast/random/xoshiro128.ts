/** A generator of whole numbers that look random, and are the same for the same state. */
export interface Xoshiro128 {
  /** The next of 2^32 equally likely whole numbers. */
  nextUint32(): number;
}

/** xoshiro128** from four 32-bit words that are not all 0 [Blackman & Vigna 2021, "Scrambled linear pseudorandom number generators"]. */
export function createXoshiro128(state: readonly [number, number, number, number]): Xoshiro128 {
  let [a, b, c, d] = state;
  if ((a | b | c | d) === 0) throw new RangeError("the state of xoshiro128** must not be all zero");
  return {
    nextUint32() {
      const product = Math.imul(b, 5);
      const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      return result;
    },
  };
}
