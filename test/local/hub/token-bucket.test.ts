import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTokenBucket } from "../../../local/hub/token-bucket.ts";

function aBucket(
  capacity: number,
  periodMs: number,
): { take: () => boolean; wait: () => number; at: (instant: number) => void } {
  let now = 1000;
  const bucket = createTokenBucket({
    capacity,
    periodMs,
    clock: { now: () => now, sleep: () => Promise.resolve() },
  });
  return {
    take: () => bucket.take().isTaken,
    wait: () => bucket.take().waitMs,
    at: (instant) => {
      now = instant;
    },
  };
}

describe("a token bucket", () => {
  it("neither gives nor takes when the clock is set back", () => {
    const bucket = aBucket(2, 1000);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    bucket.at(0);
    expect(bucket.take()).toBe(false);
    bucket.at(500);
    expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  });

  it("never gives more than its capacity and the refill, and has a token when it said it would", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 100 }),
        (capacity, periodMs, pauses) => {
          const bucket = aBucket(capacity, periodMs);
          let now = 1000;
          let taken = 0;
          for (const pause of pauses) {
            now += pause;
            bucket.at(now);
            if (bucket.take()) {
              taken += 1;
            } else {
              now += bucket.wait();
              bucket.at(now);
              expect(bucket.take()).toBe(true);
              taken += 1;
            }
          }
          expect(taken).toBeLessThanOrEqual(capacity + Math.floor(((now - 1000) * capacity) / periodMs));
        },
      ),
    );
  });
});
