import type { ConfigurationResults } from "./configuration.ts";
import type { Layering } from "./layering.ts";

/** How many records each layering holds. */
export interface Population {
  /** The record in a slot is held by this layering now. */
  readonly move: (slot: number, to: Layering | undefined) => void;
  /** How many a configuration targets, and on how many its content applies. */
  readonly counts: (id: string) => Pick<ConfigurationResults, "targetedCount" | "appliedCount">;
}

/** A population of nobody. */
export function createPopulation(): Population {
  const held: (Layering | undefined)[] = [];
  const records = new Map<Layering, number>();
  const add = (layering: Layering | undefined, more: number): void => {
    if (layering === undefined) return;
    const sum = (records.get(layering) ?? 0) + more;
    if (sum === 0) records.delete(layering);
    else records.set(layering, sum);
  };
  return {
    move: (slot, to) => {
      const from = held[slot];
      if (from === to) return;
      add(from, -1);
      add(to, 1);
      while (held.length < slot) held.push(undefined);
      held[slot] = to;
    },
    counts: (id) => {
      let [targetedCount, appliedCount] = [0, 0];
      for (const [{ statuses }, many] of records) {
        const status = statuses.get(id);
        if (status !== undefined) targetedCount += many;
        if (status === "Applied") appliedCount += many;
      }
      return { targetedCount, appliedCount };
    },
  };
}
