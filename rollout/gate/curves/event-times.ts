/** How devices ended: by a cause, or lost sight of (no cause). */
export interface End {
  /** Since contact, in any one unit. */
  readonly time: number;
  readonly cause: string | undefined;
  /** How many ended so at that time; default 1. */
  readonly devices?: number;
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
  let atRisk = sorted.reduce((sum, { devices = 1 }) => sum + devices, 0);
  for (const { time, cause, devices = 1 } of sorted) {
    if (found.at(-1)?.time !== time) found.push({ time, atRisk, byCause: new Map() });
    const counts = found.at(-1)?.byCause;
    if (cause !== undefined) counts?.set(cause, (counts.get(cause) ?? 0) + devices);
    atRisk -= devices;
  }
  return found;
}
