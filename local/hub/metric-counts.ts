import { createBitSet, type BitSet } from "./bit-set.ts";
import type { Configuration } from "./configuration.ts";
import type { TableChanges } from "./device-table.ts";
import type { Device } from "./device.ts";
import type { CompiledQuery } from "./query/query.ts";
import { partBits } from "./twin-part.ts";

/** Records by slot, and what changed among them since the last run, in the order it happened. */
export interface CountedSlots {
  readonly slots: readonly (Device | undefined)[];
  readonly changed: readonly TableChanges[];
}

/** The values of custom metrics, the number of rows of each query [facts 1.8], kept from run to run. */
export interface MetricCounts {
  /** Bring them up to date; values by configuration id and metric name. */
  readonly update: (
    configurations: readonly Configuration[],
    now: CountedSlots,
  ) => ReadonlyMap<string, ReadonlyMap<string, number>>;
}

interface Counted {
  readonly text: string;
  /** Who makes a row, where a row is a device. */
  readonly bits: BitSet;
  readonly rows: number;
}

/** Counts of the queries over one collection, which have seen nobody yet. */
export function createMetricCounts(collection: CompiledQuery["collection"]): MetricCounts {
  let counted = new Map<string, Counted>();
  return {
    update: (configurations, now) => {
      const before = counted;
      counted = new Map();
      return new Map(
        configurations.map(({ id, generation, metrics }) => {
          const own = [...metrics].filter(([, { query }]) => query.collection === collection);
          const values = own.map(([name, { text, query }]) => {
            const key = `${generation}/${name}`;
            const last = before.get(key);
            const next = count(query, { text, now, last: last?.text === text ? last : undefined });
            counted.set(key, next);
            return [name, next.rows] as const;
          });
          return [id, new Map(values)];
        }),
      );
    },
  };
}

function count(
  query: CompiledQuery,
  { text, now, last }: { text: string; now: CountedSlots; last: Counted | undefined },
): Counted {
  const { slots } = now;
  const changed = last === undefined ? undefined : changedFor(query, now);
  if (last !== undefined && changed?.length === 0) return last;
  const { matches } = query;
  if (matches === undefined) {
    const counter = query.rowCounter();
    for (const device of slots) if (device !== undefined) counter.show(device);
    return { text, bits: createBitSet(), rows: counter.rows() };
  }
  const bits = last?.bits ?? createBitSet();
  const showOne = (slot: number): void => {
    const device = slots[slot];
    bits.set(slot, device !== undefined && matches(device));
  };
  if (changed === undefined) for (let slot = 1; slot < slots.length; slot++) showOne(slot);
  else changed.forEach(showOne);
  return { text, bits, rows: bits.count() };
}

function changedFor(query: CompiledQuery, { changed }: CountedSlots): number[] {
  const reads = partBits(query.reads);
  return changed.flatMap(({ slots: touched, parts }) =>
    touched.filter((_, index) => ((parts[index] ?? 0) & reads) !== 0),
  );
}
