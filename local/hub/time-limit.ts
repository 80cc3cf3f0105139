import type { HubClock } from "./clock.ts";

/** Until when something is waited for. */
export interface TimeLimit {
  readonly clock: HubClock;
  readonly ms: number;
  /** Ends every wait: the hub closes. */
  readonly closing: AbortSignal;
}

/** What is being waited for, or undefined when the time on the hub's clock is up first; rejects when the hub closes. */
export async function within<Result>(
  { clock, ms, closing }: TimeLimit,
  awaited: Promise<Result>,
): Promise<Result | undefined> {
  const ended = new AbortController();
  const isUp = clock.sleep(ms, AbortSignal.any([closing, ended.signal])).then(() => undefined);
  try {
    return await Promise.race([awaited, isUp]);
  } finally {
    ended.abort();
  }
}
