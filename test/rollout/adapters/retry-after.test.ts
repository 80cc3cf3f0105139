import { describe, expect, it } from "vitest";
import { retryAfterMs } from "../../../rollout/adapters/retry-after.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

describe("how long a server asks to wait", () => {
  it.each([
    ["seconds", { "retry-after": "7" }, 7_000],
    ["no time at all", { "retry-after": "0" }, 0],
    ["a date, by our clock", { "retry-after": "Thu, 01 Jan 2026 12:00:09 GMT" }, 9_000],
    [
      "a date, by the server's clock, which is an hour ahead of ours",
      { "retry-after": "Thu, 01 Jan 2026 13:00:09 GMT", date: "Thu, 01 Jan 2026 13:00:00 GMT" },
      9_000,
    ],
    ["a date that is over", { "retry-after": "Thu, 01 Jan 2026 11:00:00 GMT" }, 0],
    ["milliseconds, which are exact", { "retry-after-ms": "1500", "retry-after": "2" }, 1_500],
    ["milliseconds as other services of Azure say them", { "x-ms-retry-after-ms": "250" }, 250],
    ["nothing", {}, undefined],
    ["a negative number, which is none", { "retry-after": "-5" }, undefined],
    ["a fraction, which is none", { "retry-after": "1.5" }, undefined],
    ["words", { "retry-after": "in a while" }, undefined],
    ["two headers at once", { "retry-after": ["1", "2"] }, undefined],
  ])("%s", (_, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });
});
