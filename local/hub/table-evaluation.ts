import type { Configuration, ConfigurationResults } from "./configuration.ts";
import type { ConfigurationKind } from "./configuration-content.ts";
import type { DeviceStore } from "./device-store.ts";
import type { DeviceTable, TableChanges } from "./device-table.ts";
import { layerChanges, type LayeringInput } from "./layer-changes.ts";
import { createMembership } from "./membership.ts";
import { createMetricCounts } from "./metric-counts.ts";
import { createPopulation, type Population } from "./population.ts";
import { TWIN_PART } from "./twin-part.ts";

/** The part of an evaluation that looks at one table: devices with their configurations, or modules with theirs. */
export interface TableEvaluation {
  /** Lay the table's configurations, the one that wins first, over its records; returns how many twins were written. */
  readonly layer: (ranked: readonly Configuration[]) => number;
  /** How many a configuration of this table targets. */
  readonly counts: Population["counts"];
  /** After the writes: metrics over this table, of configurations of any kind. */
  readonly metrics: (
    configurations: readonly Configuration[],
  ) => ReadonlyMap<string, ConfigurationResults["metrics"]>;
}

/** An evaluation of a table that remembers nothing yet: its first run looks at everybody, each later one at changes. */
export function createTableEvaluation(
  kind: ConfigurationKind,
  options: {
    readonly table: Pick<DeviceTable, "slots" | "takeChanges">;
    readonly layer: DeviceStore["layer"];
  } & Pick<LayeringInput, "isKept" | "assign" | "reassert">,
): TableEvaluation {
  const { table, reassert } = options;
  const membership = createMembership();
  const metrics = createMetricCounts(kind);
  const population = createPopulation();
  let isFirst = true;
  let changed: TableChanges = { slots: [], parts: new Uint8Array() };

  return {
    layer: (ranked) => {
      changed = table.takeChanges();
      const slots = table.slots();
      const affected = membership.update(ranked, { slots, changed });
      // Of records that were here before nothing is remembered, and some may have to leave what they were held by.
      if (isFirst) {
        for (const [slot, record] of slots.entries()) {
          population.move(slot, record?.layering);
          if (record?.layering !== undefined) affected.set(slot, true);
        }
      }
      isFirst = false;
      if (reassert) {
        for (const [index, slot] of changed.slots.entries()) {
          if (((changed.parts[index] ?? 0) & TWIN_PART.desired) !== 0) affected.set(slot, true);
        }
      }
      const members = membership.members();
      const changes = layerChanges({ ...options, slots, affected, ranked, members });
      options.layer(changes);
      return changes.filter(({ desired }) => desired !== undefined).length;
    },
    counts: population.counts,
    metrics: (configurations) => {
      // The writes of this run too, so that metrics over configurations.[[id]].status count it and not the one before.
      const rewritten = table.takeChanges();
      const slots = table.slots();
      for (const { slots: touched } of [changed, rewritten]) {
        for (const slot of touched) population.move(slot, slots[slot]?.layering);
      }
      return metrics.update(configurations, { slots, changed: [changed, rewritten] });
    },
  };
}
