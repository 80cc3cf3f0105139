/** A source of 32 random bits a time, with a state of its own. */
export interface Xoshiro128 {
  /** The next output, 0 to 2^32 - 1. */
  nextUint32(): number;
}

/** xoshiro128** 1.1 from a given state, which must not be all zeros [Blackman & Vigna 2018, public domain C code]. */
export function createXoshiro128(state: readonly [number, number, number, number]): Xoshiro128 {
  let [s0, s1, s2, s3] = state.map((word) => word | 0) as [number, number, number, number]; // as many as came in
  if ((s0 | s1 | s2 | s3) === 0) throw new RangeError("the state of xoshiro128** must not be all zeros");
  return {
    nextUint32() {
      const output = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
      const shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = rotateLeft(s3, 11);
      return output;
    },
  };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
