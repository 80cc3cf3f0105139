import { describe, expect, it } from "vitest";
import { isPassing, isUncertain, retryCalls } from "../../infra/devices/call-retry.ts";

const answered = (statusCode: number, headers: Record<string, string> = {}): Error =>
  Object.assign(new Error(`HTTP ${statusCode}`), { response: { statusCode, headers } });
const reset = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

describe("a call that failed", () => {
  it("may pass when the hub limits calls, is in trouble, or gave no answer", () => {
    expect([answered(429), answered(503), reset].map(isPassing)).toEqual([true, true, true]);
    expect([answered(400), answered(409), new Error("a bug")].map(isPassing)).toEqual([false, false, false]);
  });

  it("may have been done all the same, unless it was refused for its number", () => {
    expect([answered(503), reset, answered(429), answered(400)].map(isUncertain)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("waits as long as the hub asks, not as long as it would by itself", async () => {
    let attempts = 0;
    // Ten minutes by itself: the test would not end.
    const outcome = await retryCalls({ attempts: 3, firstMs: 600_000, mostMs: 600_000 }).execute(() => {
      attempts += 1;
      if (attempts < 3) throw answered(429, { "retry-after": "0" });
      return "done";
    });
    expect([outcome, attempts]).toEqual(["done", 3]);
  });

  it("is given up in the end, with the last failure", async () => {
    await expect(
      retryCalls({ attempts: 2, firstMs: 1, mostMs: 1 }).execute(() => {
        throw answered(503);
      }),
    ).rejects.toThrow("HTTP 503");
  });
});
