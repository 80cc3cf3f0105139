import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** A manual clock that tells when somebody begins to wait on it. */
export interface ObservedClock extends ManualClock {
  /** Resolves to the milliseconds of the next sleep that begins from now on. */
  readonly nextSleep: () => Promise<number>;
}

/** A manual clock to be watched. */
export function createObservedClock(): ObservedClock {
  const clock = createManualClock();
  const watchers: ((ms: number) => void)[] = [];
  return {
    ...clock,
    sleep: (ms, signal) => {
      const slept = clock.sleep(ms, signal);
      watchers.shift()?.(ms);
      return slept;
    },
    nextSleep: () =>
      new Promise((resolve) => {
        watchers.push(resolve);
      }),
  };
}
