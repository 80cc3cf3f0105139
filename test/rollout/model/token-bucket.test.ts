import { describe, expect, it } from "vitest";
import { drainBucket, fullBucket, takeToken, type TokenBucket } from "../../../rollout/model/token-bucket.ts";

// 20 calls a minute, as an S1 takes configuration calls: one token every 3,000 ms.

const START = 1_000_000;

/** Take so many tokens at one instant; the waits, and the bucket after. */
function takeMany(bucket: TokenBucket, calls: number, now = START): { waits: number[]; bucket: TokenBucket } {
  let rest = bucket;
  const waits: number[] = [];
  for (let call = 0; call < calls; call++) {
    const taken = takeToken(rest, now);
    rest = taken.bucket;
    waits.push(taken.waitMs);
  }
  return { waits, bucket: rest };
}

describe("a token bucket", () => {
  it("gives a minute's calls at once, then one each 3 seconds", () => {
    const { waits } = takeMany(fullBucket(20, START), 23);
    expect(waits.slice(0, 20)).toEqual(Array<number>(20).fill(0));
    expect(waits.slice(20)).toEqual([3_000, 6_000, 9_000]);
  });

  it("keeps its reserve from ordinary calls: of 20 they get 16, and wait as if there were no more", () => {
    const { waits } = takeMany(fullBucket(20, START, 4), 18);
    expect(waits.slice(0, 16)).toEqual(Array<number>(16).fill(0));
    expect(waits.slice(16)).toEqual([3_000, 6_000]);
  });

  it("lets what is urgent pass at once, even below zero, and the others pay for it", () => {
    const emptied = takeMany(fullBucket(20, START, 4), 16).bucket;
    let rest = emptied;
    for (let call = 0; call < 6; call++) {
      const taken = takeToken(rest, START, { urgent: true });
      expect(taken.waitMs).toBe(0);
      rest = taken.bucket;
    }
    expect(rest.tokens).toBe(-2);
    // One for the call, four for the reserve, two for the debt: seven tokens of 3 s.
    expect(takeToken(rest, START).waitMs).toBe(21_000);
  });

  it("refills with time up to its capacity, and not by a clock that goes back", () => {
    const { bucket } = takeMany(fullBucket(20, START), 20);
    expect(takeToken(bucket, START - 60_000).waitMs).toBe(3_000);
    expect(takeToken(bucket, START + 1_500).waitMs).toBe(1_500);
    expect(takeToken(bucket, START + 3_600_000).bucket.tokens).toBe(19);
  });

  it("that the hub contradicts is empty: the next call waits as long as the hub asks, and for the reserve", () => {
    const full = fullBucket(20, START);
    expect(takeToken(drainBucket(full, START, 45_000), START).waitMs).toBe(45_000);
    expect(takeToken(drainBucket(full, START), START).waitMs).toBe(3_000);
    expect(takeToken(drainBucket(fullBucket(20, START, 4), START, 45_000), START).waitMs).toBe(57_000);
    expect(takeToken(drainBucket(full, START, 45_000), START + 45_000).waitMs).toBe(0);
  });

  it("is never filled by a refusal", () => {
    const { bucket } = takeMany(fullBucket(20, START), 25);
    expect(drainBucket(bucket, START, 1).tokens).toBe(-5);
  });
});
