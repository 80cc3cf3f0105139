import { setTimeout as delay } from "node:timers/promises";

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 15_000;

/** Make a check again until it holds, in growing pauses; after the limit its last failure is thrown. */
export async function checkUntil(check: () => Promise<void>, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() + pauseMs > end) throw error;
      await delay(pauseMs);
    }
  }
}
