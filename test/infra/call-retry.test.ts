import { describe, expect, it } from "vitest";
import { notingDoubt, retryCalls } from "../../infra/devices/call-retry.ts";

const answered = (statusCode: number, headers: Record<string, string> = {}): Error =>
  Object.assign(new Error(`HTTP ${statusCode}`), { response: { statusCode, headers } });
const reset = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });

describe("a call that failed", () => {
  it.each([
    ["the hub limits calls", answered(429), 3],
    ["the hub is in trouble", answered(503), 3],
    ["there was no answer", reset, 3],
    ["the hub refuses it", answered(400), 1],
    ["something else is there", answered(409), 1],
    ["it is a bug", new Error("a bug"), 1],
  ])("is tried again only where that may pass: %s", async (_why, error, calls) => {
    let made = 0;
    const tried = retryCalls({ attempts: 2, firstMs: 1, mostMs: 1 }).execute(() => {
      made += 1;
      throw error;
    });
    await expect(tried).rejects.toBe(error);
    expect(made).toBe(calls);
  });

  it.each([
    ["the hub was in trouble", [answered(503)], true],
    ["there was no answer", [reset], true],
    ["it was refused for its number", [answered(429)], false],
    ["it was refused", [answered(400)], false],
    ["an attempt before was in doubt", [reset, answered(429)], true],
  ])("may have been done all the same, or not: %s", async (_why, errors, wasUncertain) => {
    const doubt = { wasUncertain: false };
    for (const error of errors)
      await expect(notingDoubt(doubt, () => Promise.reject(error))).rejects.toBe(error);
    expect(doubt).toEqual({ wasUncertain });
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
