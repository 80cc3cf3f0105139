import type { HubClock } from "./clock.ts";

/** Evaluations at a fixed interval, and one soon after every change. */
export interface EvaluationSchedule extends AsyncDisposable {
  /** Something changed: evaluate once the delay is over, however many changes come before that. */
  readonly changed: () => void;
}

/** Start evaluating on the clock; the first run comes one interval from now, or a delay after a change. */
export function scheduleEvaluations(options: {
  readonly clock: HubClock;
  readonly intervalMs: number;
  readonly delayMs: number;
  readonly evaluate: () => void;
  /** Hears of an evaluation that failed, as on a full disk; the next one comes all the same. */
  readonly onTrouble: (error: unknown) => void;
}): EvaluationSchedule {
  const { clock, intervalMs, delayMs } = options;
  const evaluate = (): void => {
    try {
      options.evaluate();
    } catch (error) {
      options.onTrouble(error);
    }
  };
  const stop = new AbortController();
  const { signal } = stop;
  let soon: Promise<void> | undefined;

  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      resolve();
    });
  });
  const pause = (ms: number): Promise<void> => {
    const slept = clock.sleep(ms, signal).catch((error: unknown) => {
      // A sleep that was called off may reject; that is how the schedule ends.
      if (!signal.aborted) throw error;
    });
    return Promise.race([slept, stopped]);
  };
  const interval = async (): Promise<void> => {
    for (;;) {
      await pause(intervalMs);
      if (signal.aborted) return;
      evaluate();
    }
  };
  const afterChange = async (): Promise<void> => {
    await pause(delayMs);
    soon = undefined;
    if (!signal.aborted) evaluate();
  };

  const regular = interval();
  return {
    changed: () => {
      soon ??= afterChange();
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all([regular, soon]);
    },
  };
}
