import { hubError } from "./hub-errors.ts";
import { withinTime } from "./within-time.ts";

/** Longest wait for one answer, real time. */
const CALL_TIMEOUT_MS = 30_000;
/** Ends with the process alone. */
const NEVER = new AbortController().signal;

/** One call of the SDK, neither paced nor tried again: it ends in time, and fails with a WavegateError. */
export async function singleCall<T>(
  run: () => Promise<T>,
  { what, hub }: { readonly what: string; readonly hub: string },
): Promise<T> {
  try {
    return await withinTime(run, {
      what: `${what} on ${hub}`,
      timeoutMs: CALL_TIMEOUT_MS,
      signal: NEVER,
    });
  } catch (error) {
    throw hubError(error, { what, hub, now: Date.now() });
  }
}
