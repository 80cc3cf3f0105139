import { WavegateError } from "../model/problem.ts";
import { underSignal } from "./call-signal.ts";

/**
 * Make one call of the SDK that ends after `timeoutMs` of real time (HUB_UNREACHABLE), or when the signal aborts (its
 * reason). Its request is given up with the socket: an answer that comes later than that finds nobody.
 */
export async function withinTime<T>(
  run: () => Promise<T>,
  options: { readonly what: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const { what, timeoutMs, signal } = options;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(
      new WavegateError("HUB_UNREACHABLE", `${what}: no answer within ${timeoutMs / 1_000} seconds`, {
        hint: "run the command again: it looks anew at what took effect",
      }),
    );
  }, timeoutMs);
  const ended = AbortSignal.any([late.signal, signal]);
  // Not every wait is on a socket: the SDK may be waiting for a token.
  const { promise: gaveUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => {
    reject(ended.reason as Error); // ours above, or what the caller aborted with
  };
  ended.addEventListener("abort", giveUp, { once: true });
  if (ended.aborted) giveUp();
  try {
    return await Promise.race([gaveUp, underSignal(ended, run)]);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener("abort", giveUp);
    // Nobody may be left to hear it.
    gaveUp.catch(() => undefined);
  }
}
