import type { Tally } from "../model/look.ts";

/** What one look counted of one stratum. */
export interface TallyAt {
  /** Epoch ms. */
  readonly at: number;
  readonly tally: Tally;
}

/**
 * Devices of a stratum that made contact longer than `silentAfterMs` (deadline and query lag) before the last look and
 * have had no outcome since. No query asks for it; with S ok, F failed, U unresolved and N all contacts,
 *
 *     silent(t) = max(0, min( least U(s) of s in [t - silentAfter, t],  N(x) - most (S + F)(s) of s in [x, t] ))
 *
 * where x is the latest look at or before t - silentAfter; without one nobody can be silent yet. While nobody leaves,
 * S + F only grows, so the second term is N(x) - S(t) - F(t): at most the truly silent, because devices that are new
 * since x can only lower it. Devices that leave (for a newer release) lower S(t), which must not pass for silence:
 * hence the most S + F ever seen since x, and the least U: a device silent for the whole time was unresolved in EVERY
 * look since, while devices that come back to a watched release, or are new, raise U(t) alone.
 * A look that is missing makes the number smaller or the moment later: that costs power, never validity.
 */
export function silentAt(series: readonly TallyAt[], silentAfterMs: number): number {
  const last = series.at(-1);
  if (last === undefined) return 0;
  const since = last.at - silentAfterMs;
  const start = series.findLastIndex(({ at }) => at <= since);
  const before = series[start];
  if (before === undefined) return 0;
  const { ok, failed, contacted } = before.tally;
  let leastUnresolved = last.tally.contacted;
  let mostResolved = 0;
  for (const { at, tally } of series.slice(start)) {
    if (at >= since) leastUnresolved = Math.min(leastUnresolved, tally.contacted);
    mostResolved = Math.max(mostResolved, tally.ok + tally.failed);
  }
  return Math.max(0, Math.min(leastUnresolved, ok + failed + contacted - mostResolved));
}
