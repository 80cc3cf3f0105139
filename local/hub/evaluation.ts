import type { Configuration, ConfigurationResults } from "./configuration.ts";
import type { ConfigurationStore } from "./configuration-store.ts";
import type { DeviceStore } from "./device-store.ts";
import { layerChanges } from "./layer-changes.ts";
import type { Layering, Region } from "./layering.ts";
import { createMembership } from "./membership.ts";
import { createMetricCounts } from "./metric-counts.ts";

/** What an evaluation of all configurations over all devices did. */
export interface Evaluation {
  readonly devices: number;
  /** Devices whose desired properties changed. */
  readonly writes: number;
}

/** The stores an evaluation reads and writes. */
export interface EvaluatedStores {
  readonly devices: DeviceStore;
  readonly configurations: ConfigurationStore;
  /** What becomes of content whose configuration was deleted and that nothing else covers. */
  readonly onDelete: "remove" | "keep";
}

/**
 * An evaluation to be run again and again: who is targeted, whose content applies, what the metrics say [facts 1.6].
 * It remembers what came out, so that each run looks only at what changed since the one before; the first at everybody.
 */
export function createEvaluator({ devices, configurations, onDelete }: EvaluatedStores): () => Evaluation {
  const table = devices.devices;
  const membership = createMembership();
  const metrics = createMetricCounts();
  const population = createPopulation();
  let isFirst = true;

  return () => {
    const ranked = configurations.all().toSorted(byPrecedence);
    const changed = table.takeChanges();
    const slots = table.slots();
    const affected = membership.update(ranked, { slots, changed });
    // Of devices that were here before nothing is remembered, and some may have to leave what they were held by.
    if (isFirst) {
      for (const [slot, device] of slots.entries()) {
        population.move(slot, device?.layering);
        if (device?.layering !== undefined) affected.set(slot, true);
      }
    }
    isFirst = false;
    const isKept = (region: Region): boolean =>
      onDelete === "keep" && region.owners.every(configurations.isGone);
    const changes = layerChanges({ slots, affected, ranked, members: membership.members(), isKept });
    devices.layer(changes);

    // After the writes, so that metrics over configurations.[[id]].status count this run and not the one before.
    const rewritten = table.takeChanges();
    for (const { slots: touched } of [changed, rewritten]) {
      for (const slot of touched) population.move(slot, slots[slot]?.layering);
    }
    const values = metrics.update(ranked, { slots, changed: [changed, rewritten] });
    for (const { id } of ranked) {
      configurations.setResults(id, { ...population.counts(id), metrics: values.get(id) ?? new Map() });
    }
    return { devices: devices.size(), writes: changes.filter(({ desired }) => desired !== undefined).length };
  };
}

/** How many devices each layering holds. */
function createPopulation(): {
  readonly move: (slot: number, to: Layering | undefined) => void;
  readonly counts: (id: string) => Pick<ConfigurationResults, "targetedCount" | "appliedCount">;
} {
  const held: (Layering | undefined)[] = [];
  const devices = new Map<Layering, number>();
  const add = (layering: Layering | undefined, more: number): void => {
    if (layering === undefined) return;
    const sum = (devices.get(layering) ?? 0) + more;
    if (sum === 0) devices.delete(layering);
    else devices.set(layering, sum);
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
      for (const [{ statuses }, many] of devices) {
        const status = statuses.get(id);
        if (status !== undefined) targetedCount += many;
        if (status === "Applied") appliedCount += many;
      }
      return { targetedCount, appliedCount };
    },
  };
}

/** The higher priority first; of equal ones the later created [facts 1.6]. */
function byPrecedence(a: Configuration, b: Configuration): number {
  return b.priority - a.priority || b.createdAt - a.createdAt || b.generation - a.generation;
}
