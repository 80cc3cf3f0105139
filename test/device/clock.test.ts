import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../device/clock.ts";

describe("the machine's own clock", () => {
  it.each([[2 ** 31], [60 * 24 * 3_600_000], [Infinity]])(
    "does not wake from a sleep of %d ms, longer than a timer of Node's can be",
    async (ms) => {
      const over = new AbortController();
      let woke = false;
      const asleep = systemClock.sleep(ms, over.signal).then(
        () => (woke = true),
        () => undefined,
      );
      onTestFinished(async () => {
        over.abort();
        await asleep;
      });
      // Node makes a timer that is too long one of 1 ms, which comes before one that was set later.
      await delay(50);
      expect(woke).toBe(false);
    },
  );

  it("wakes at once from a sleep that is called off", async () => {
    const over = new AbortController();
    const asleep = systemClock.sleep(Infinity, over.signal);
    over.abort();
    await expect(asleep).rejects.toThrow("abort");
  });
});
