import type { Configuration } from "./configuration.ts";
import type { ConfigurationStore } from "./configuration-store.ts";
import type { DeviceStore } from "./device-store.ts";
import type { AssignMode, Region } from "./layering.ts";
import { createTableEvaluation } from "./table-evaluation.ts";

/** What an evaluation of all configurations over all devices and modules did. */
export interface Evaluation {
  readonly devices: number;
  /** Devices and modules whose desired properties changed. */
  readonly writes: number;
}

/** The stores an evaluation reads and writes, and what the documents leave open. */
export interface EvaluatedStores {
  readonly devices: DeviceStore;
  readonly configurations: ConfigurationStore;
  /** What becomes of content whose configuration was deleted and that nothing else covers. */
  readonly onDelete: "remove" | "keep";
  /** Whether content replaces what is at its path or is merged into it; default "assign". */
  readonly assign?: AssignMode;
  /** Whether content that somebody edited in a twin is written again by the next evaluation; default false. */
  readonly reassert?: boolean;
}

/**
 * An evaluation to be run again and again: who is targeted, whose content applies, what the metrics say [facts 1.6].
 * It remembers what came out, so that each run looks only at what changed since the one before; the first at everybody.
 */
export function createEvaluator(stores: EvaluatedStores): () => Evaluation {
  const { devices, configurations, onDelete, assign = "assign", reassert = false } = stores;
  const isKept = (region: Region): boolean =>
    onDelete === "keep" && region.owners.every(configurations.isGone);
  const options = { layer: devices.layer, isKept, assign, reassert };
  const tables = {
    devices: createTableEvaluation("devices", { ...options, table: devices.devices }),
    "devices.modules": createTableEvaluation("devices.modules", { ...options, table: devices.modules }),
  };

  return () => {
    const ranked = configurations.all().toSorted(byPrecedence);
    const ofKind = (kind: Configuration["kind"]): Configuration[] =>
      ranked.filter((configuration) => configuration.kind === kind);
    const writes =
      tables.devices.layer(ofKind("devices")) + tables["devices.modules"].layer(ofKind("devices.modules"));
    const values = [tables.devices.metrics(ranked), tables["devices.modules"].metrics(ranked)];
    for (const { id, kind } of ranked) {
      const metrics = new Map(values.flatMap((byId) => [...(byId.get(id) ?? [])]));
      configurations.setResults(id, { ...tables[kind].counts(id), metrics });
    }
    return { devices: devices.size(), writes };
  };
}

/** The higher priority first; of equal ones the later created [facts 1.6]. */
function byPrecedence(a: Configuration, b: Configuration): number {
  return b.priority - a.priority || b.createdAt - a.createdAt || b.generation - a.generation;
}
