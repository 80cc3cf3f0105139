import type { Tally } from "../model/look.ts";

/** What one look counted of one stratum. */
export interface TallyAt {
  /** Epoch ms. */
  readonly at: number;
  readonly tally: Tally;
}

/**
 * Devices of a stratum that certainly made contact longer than `silentAfterMs` (deadline and query lag) before the last
 * look and have had no outcome since:
 *
 *     silent(t) = max(0, min( least U(s) of the looks s in [t - silentAfter, t],  N(t - silentAfter) - S(t) - F(t) ))
 *
 * with S ok, F failed, U unresolved, N all contacts; N(x) is that of the latest look at or before x, 0 without one.
 * No query asks for it. A device silent for the whole time was unresolved in EVERY look since, so the least U bounds the
 * silent ones, and more tightly than U(t) alone: devices that come back to a watched release, or are new, raise U(t)
 * while devices that moved on lower S(t), and would together pass for silence and take a good release back.
 * A look that is missing only makes the number smaller or the moment later: that costs power, never validity.
 */
export function silentAt(series: readonly TallyAt[], silentAfterMs: number): number {
  const last = series.at(-1);
  if (last === undefined) return 0;
  const since = last.at - silentAfterMs;
  const before = series.findLast(({ at }) => at <= since);
  if (before === undefined) return 0;
  const leastUnresolved = series
    .filter(({ at }) => at >= since)
    .reduce((least, { tally }) => Math.min(least, tally.contacted), last.tally.contacted);
  const { ok, failed, contacted } = before.tally;
  return Math.max(0, Math.min(leastUnresolved, ok + failed + contacted - last.tally.ok - last.tally.failed));
}
