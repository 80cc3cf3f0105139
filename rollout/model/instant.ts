/* eslint-disable no-restricted-globals -- Conversions of a given instant: nothing here reads a clock. */

/** ISO 8601 text of an instant given in epoch milliseconds. */
export function isoInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** The same to the minute, for people: 2026-01-01T05:00Z. */
export function isoMinute(ms: number): string {
  return `${isoInstant(ms).slice(0, 16)}Z`;
}

/** Epoch milliseconds of an ISO 8601 text; NaN when it is none. */
export function instantMs(iso: string): number {
  return Date.parse(iso);
}

/** An instant (epoch ms) to the minute, UTC: "2026-11-24 05:10". */
export function formatInstant(ms: number): string {
  return isoInstant(ms).slice(0, 16).replace("T", " ");
}
