import type { DeviceClock } from "./clock.ts";

/** Waits until so many bytes may have been read. */
export type Pace = (bytes: number, signal: AbortSignal) => Promise<void>;

/**
 * A token bucket that holds one second's bytes: what is read beyond it is paid for by waiting, on the device's clock.
 * Without a rate nothing waits.
 */
export function paceTo(bytesPerSecond: number | undefined, clock: DeviceClock): Pace {
  if (bytesPerSecond === undefined) return () => Promise.resolve();
  let tokens = bytesPerSecond;
  let at = clock.now();
  return async (bytes, signal) => {
    const now = clock.now();
    // A clock that jumps back refills nothing.
    tokens = Math.min(bytesPerSecond, tokens + (Math.max(0, now - at) / 1000) * bytesPerSecond) - bytes;
    at = now;
    if (tokens < 0) await clock.sleep(Math.ceil((-tokens / bytesPerSecond) * 1000), signal);
  };
}
