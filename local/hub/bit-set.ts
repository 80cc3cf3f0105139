const WORD = 32;

/** A set of small whole numbers, one bit each: who of a million devices meets a condition takes 125 KB. */
export interface BitSet {
  readonly has: (member: number) => boolean;
  /** Make it a member or not; true when that changed anything. */
  readonly set: (member: number, isMember: boolean) => boolean;
  readonly count: () => number;
  /** In ascending order. */
  readonly forEach: (visit: (member: number) => void) => void;
}

/** An empty set. */
export function createBitSet(): BitSet {
  let words = new Uint32Array(32);
  let members = 0;
  return {
    has: (member) => ((words[member >>> 5] ?? 0) & (1 << (member & 31))) !== 0,
    set: (member, isMember) => {
      const index = member >>> 5;
      if (index >= words.length) {
        if (!isMember) return false;
        const grown = new Uint32Array(Math.max(index + 1, words.length * 2));
        grown.set(words);
        words = grown;
      }
      const word = words[index] ?? 0;
      const bit = 1 << (member & 31);
      if (((word & bit) !== 0) === isMember) return false;
      words[index] = word ^ bit;
      members += isMember ? 1 : -1;
      return true;
    },
    count: () => members,
    forEach: (visit) => {
      for (const [index, word] of words.entries()) {
        let rest = word;
        while (rest !== 0) {
          const lowest = rest & -rest;
          visit(index * WORD + (31 - Math.clz32(lowest)));
          rest ^= lowest;
        }
      }
    },
  };
}
