/** How one device ended: by a cause, or lost sight of (no cause). */
export interface End {
  /** Since contact, in any one unit. */
  readonly time: number;
  readonly cause: string | undefined;
}

/** Ends at one instant, and how many devices were still there just before it. */
export interface EventTime {
  readonly time: number;
  readonly atRisk: number;
  readonly byCause: ReadonlyMap<string, number>;
}

/** Instants at which something ended, in order; a device lost sight of at an instant was still there for its events. */
export function eventTimes(ends: readonly End[]): readonly EventTime[] {
  for (const { time } of ends)
    if (!(time >= 0 && time < Infinity))
      throw new RangeError(`a time must be finite and not negative; it is ${time}`);
  const sorted = ends.toSorted((one, other) => one.time - other.time);
  const found: { readonly time: number; readonly atRisk: number; readonly byCause: Map<string, number> }[] =
    [];
  for (const [before, { time, cause }] of sorted.entries()) {
    if (found.at(-1)?.time !== time) found.push({ time, atRisk: sorted.length - before, byCause: new Map() });
    const counts = found.at(-1)?.byCause;
    if (cause !== undefined) counts?.set(cause, (counts.get(cause) ?? 0) + 1);
  }
  return found;
}
