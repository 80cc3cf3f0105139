import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { realClock } from "../../../local/hub/clock.ts";

describe("the machine's clock", () => {
  it.each([2 ** 31, Number.POSITIVE_INFINITY])(
    "sleeps for %d ms, longer than a timer of Node can, until it is called off",
    async (ms) => {
      const calledOff = new AbortController();
      let isAwake = false;
      const sleeping = realClock.sleep(ms, calledOff.signal).then(() => {
        isAwake = true;
      });
      await delay(20);
      expect(isAwake).toBe(false);
      calledOff.abort();
      await expect(sleeping).rejects.toThrow("aborted");
    },
  );
});
