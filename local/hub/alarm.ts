import type { HubClock } from "./clock.ts";

/** Longest sleep at once: the machine's clock may be set forward meanwhile. */
const MAX_SLEEP_MS = 3_600_000;

/** Rings once at an instant of the hub's clock; setting it again for later changes nothing. */
export interface Alarm {
  readonly setFor: (instant: number) => void;
}

/** An alarm that is not set; it is over when the hub closes. */
export function createAlarm(options: {
  readonly clock: HubClock;
  readonly closing: AbortSignal;
  /** Must not throw: nobody would hear of it. */
  readonly ring: () => void;
}): Alarm {
  const { clock, closing, ring } = options;
  let set: { readonly instant: number; readonly off: AbortController } | undefined;
  const wait = async (instant: number, off: AbortSignal): Promise<void> => {
    const signal = AbortSignal.any([closing, off]);
    await Promise.resolve(); // never while it is being set
    for (;;) {
      const ms = instant - clock.now();
      if (ms <= 0) break;
      await clock.sleep(Math.min(ms, MAX_SLEEP_MS), signal);
    }
    // The clock of a test may not know about the signal.
    if (signal.aborted) return;
    set = undefined;
    ring();
  };
  return {
    setFor: (instant) => {
      if (set !== undefined && set.instant <= instant) return;
      set?.off.abort();
      const off = new AbortController();
      set = { instant, off };
      // A sleep that was called off rejects; that is how the wait ends.
      wait(instant, off.signal).catch(() => undefined);
    },
  };
}
