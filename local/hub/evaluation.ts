import type { Configuration } from "./configuration.ts";
import type { ConfigurationStore } from "./configuration-store.ts";
import { patchBetween } from "./desired-path.ts";
import type { DeviceStore } from "./device-store.ts";
import { layerConfigurations, layeringSignature, relayer, type Layering, type Region } from "./layering.ts";

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

/** Evaluate all configurations: who is targeted, whose content applies, what the metrics say [facts 1.6]. */
export function evaluateConfigurations({ devices, configurations, onDelete }: EvaluatedStores): Evaluation {
  const ranked = configurations.all().toSorted(byPrecedence);
  const layerings = new Map<string, Layering>();
  const counts = new Map(ranked.map(({ id }) => [id, { targeted: 0, applied: 0 }]));
  const isKept = (region: Region): boolean =>
    onDelete === "keep" && region.owners.every(configurations.isGone);
  let writes = 0;

  for (const device of devices.all()) {
    const matched = ranked.filter(({ target }) => target.isTarget(device) === true);
    const layering = layeringOf(matched, layerings);
    if (device.layering?.signature !== layering?.signature) {
      const desired = relayer(device.desired.value, { from: device.layering, to: layering, isKept });
      const patch = patchBetween(device.desired.value, desired);
      devices.layer(device.deviceId, layering, patch);
      if (patch !== undefined) writes += 1;
    }
    for (const [id, status] of layering?.statuses ?? []) {
      const count = counts.get(id);
      if (count === undefined) continue;
      count.targeted += 1;
      if (status === "Applied") count.applied += 1;
    }
  }

  // After the writes, so that metrics over configurations.[[id]].status count this run and not the one before.
  const counters = ranked.map(({ metrics }) =>
    [...metrics].map(([name, { query }]) => ({
      name,
      counter: query.rowCounter(),
      collection: query.collection,
    })),
  );
  const shown = counters.flat();
  if (shown.length > 0) {
    for (const device of devices.all())
      for (const { counter, collection } of shown) if (collection === "devices") counter.show(device);
  }
  for (const [rank, { id }] of ranked.entries()) {
    const count = counts.get(id);
    configurations.setResults(id, {
      targetedCount: count?.targeted ?? 0,
      appliedCount: count?.applied ?? 0,
      metrics: new Map(counters[rank]?.map(({ name, counter }) => [name, counter.rows()])),
    });
  }
  return { devices: devices.size(), writes };
}

/** The higher priority first; of equal ones the later created [facts 1.6]. */
function byPrecedence(a: Configuration, b: Configuration): number {
  return b.priority - a.priority || b.createdAt - a.createdAt || b.generation - a.generation;
}

function layeringOf(matched: readonly Configuration[], known: Map<string, Layering>): Layering | undefined {
  if (matched.length === 0) return undefined;
  const signature = layeringSignature(matched);
  const layering = known.get(signature) ?? layerConfigurations(matched);
  known.set(signature, layering);
  return layering;
}
