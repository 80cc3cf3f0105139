const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Times between looks that people use. */
const STEPS_MS = [5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
/** So many looks go into a deadline: fewer would let a release reach many more devices between two looks than it does. */
const LOOKS_A_DEADLINE = 48;

/** How often a forecast looks: hourly, oftener where the deadline is short, and never oftener than the controller does. */
export function forecastLookMs({
  deadlineMs,
  lookEveryMs,
}: {
  readonly deadlineMs: number;
  /** What the controller does, where it is known. */
  readonly lookEveryMs?: number | undefined;
}): number {
  const fine = STEPS_MS.find((step) => step >= deadlineMs / LOOKS_A_DEADLINE) ?? HOUR_MS;
  return Math.max(fine, lookEveryMs ?? 0);
}
