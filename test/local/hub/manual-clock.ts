import type { HubClock } from "../../../local/hub/hub.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to advance. */
export interface ManualClock extends HubClock {
  /** Pass time: sleepers wake in order, each finishing what it does then before the next. */
  readonly advance: (ms: number) => Promise<void>;
}

/** A manual clock that starts at an instant. */
export function createManualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(new Error("The sleep was called off"));
        });
      }),
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...sleepers]
          .filter(({ until }) => until <= end)
          .toSorted((a, b) => a.until - b.until);
        if (next === undefined) break;
        sleepers.delete(next);
        now = Math.max(now, next.until);
        next.wake();
        await settled();
      }
      now = end;
    },
  };
}

/** Let everything that is ready to run do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
