/** Longest delay a Node timer takes; a greater one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MINUTE_MS = 60_000;

/** Time as the parts of the demo see it: in milliseconds, perhaps faster than the wall's. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Wait that many of this clock's milliseconds; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Three numbers that fix a scaled clock: two processes that share them share the time. */
export interface ClockScale {
  /** Virtual milliseconds in one real one; 1800 is thirty minutes a second. */
  readonly scale: number;
  /** Real instant (epoch milliseconds) at which the virtual clock shows `virtualStartMs`. */
  readonly realStartMs: number;
  readonly virtualStartMs: number;
}

/**
 * A clock that runs `scale` times as fast as the machine's. It is a function of the machine's clock, not a counter, so
 * the demo's hub, fleet and command line agree on the time without asking each other.
 */
export function scaledClock({ scale, realStartMs, virtualStartMs }: ClockScale): Clock {
  if (!Number.isFinite(scale) || scale <= 0) {
    throw new RangeError(
      `A clock's scale is a number above 0, not ${scale}: 1800 is thirty minutes a second.`,
    );
  }
  const now = (): number => virtualStartMs + (Date.now() - realStartMs) * scale;
  return {
    now,
    async sleep(ms, signal) {
      // A timer may fire up to a millisecond early, which is seconds of virtual time: the deadline decides.
      const deadline = now() + ms;
      do {
        const realMs = Math.ceil(Math.max(0, deadline - now()) / scale);
        await delay(Math.min(realMs, LONGEST_TIMER_MS), signal);
      } while (now() < deadline);
    },
  };
}

/** Scale of a clock that passes `minutes` in one real second, as `--scale` is given. */
export function scaleFromMinutesPerSecond(minutes: number): number {
  return (minutes * MINUTE_MS) / 1000;
}

function delay(realMs: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal?.removeEventListener("abort", interrupted);
      resolve();
    };
    const interrupted = (): void => {
      clearTimeout(timer);
      // The reason is the caller's own value, an Error by convention only.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal?.reason);
    };
    const timer = setTimeout(done, realMs);
    signal?.addEventListener("abort", interrupted, { once: true });
  });
}
