import type { ConfigurationDocument } from "../../../rollout/model/configuration.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import type { Effect } from "../oracle/effect.ts";
import { createOracle, type Oracle } from "../oracle/oracle.ts";
import { exposureOf } from "./exposure.ts";
import { bornHub, created, deleted, removed, replaced, settled, type FastHub } from "./fast-hub.ts";
import { emptyStore, type FastStore } from "./fast-store.ts";
import type { Defect } from "./simulated-device.ts";

/** A deployment in memory: plain values, so that it can fork, and an oracle that watches every effect. */
export interface World {
  readonly hubs: FastHub[];
  /** Hubs that answer. */
  readonly up: boolean[];
  store: FastStore;
  storeUp: boolean;
  /** Wall clock, epoch ms; may jump. */
  now: number;
  /** Never jumps. */
  monotonic: number;
  lagMs: number;
  defects: Readonly<Record<string, Defect>>;
  /** What a fail-over would bring back, by hub. */
  readonly replicas: (FastHub | undefined)[];
  /** Requests under way whose sender has given up. */
  readonly late: { readonly name: string; readonly run: () => void }[];
  readonly oracle: Oracle;
}

/** A new deployment. */
export function createWorld(hubs = 1): World {
  const at = Date.UTC(2026, 0, 1);
  return {
    hubs: Array.from({ length: hubs }, (_, hub) => bornHub(hub, at)),
    up: Array.from({ length: hubs }, () => true),
    store: emptyStore(),
    storeUp: true,
    now: at,
    monotonic: 0,
    lagMs: 0,
    defects: {},
    replicas: Array.from({ length: hubs }, () => undefined),
    late: [],
    oracle: createOracle({ hubs, exposureOf }),
  };
}

/** The same deployment once more, with everybody in it gone and nothing under way. */
export function fork(world: World): World {
  return {
    ...world,
    hubs: [...world.hubs],
    up: [...world.up],
    replicas: [...world.replicas],
    late: [],
    oracle: world.oracle.fork(),
  };
}

/** Name of a hub in the settings. */
export function hubName(hub: number): string {
  return `hub${hub}`;
}

/** Change a hub's configurations by one write of ours, or of a person's. */
export function write(
  world: World,
  hub: number,
  change: { readonly by: Effect["by"]; readonly id: string; readonly to: (hub: FastHub) => FastHub },
): void {
  const old = here(world, hub);
  const next = change.to(old);
  const before = old.configurations.get(change.id);
  const after = next.configurations.get(change.id);
  world.hubs[hub] = next;
  world.oracle.saw({
    on: "hub",
    by: change.by,
    hub,
    id: change.id,
    before: before && { ...before.document, createdTimeUtc: before.createdTimeUtc },
    after: after && { ...after.document, createdTimeUtc: after.createdTimeUtc },
  });
}

/** Create as a hub does. */
export function create(world: World, hub: number, document: ConfigurationDocument): void {
  write(world, hub, { by: "us", id: document.id, to: (old) => created(old, document, world.now) });
}

/** Replace as a hub does. */
export function replace(world: World, hub: number, document: ConfigurationDocument, etag: string): void {
  write(world, hub, { by: "us", id: document.id, to: (old) => replaced(old, document, etag) });
}

/** Delete as a hub does. */
export function erase(world: World, hub: number, id: string, etag: string): void {
  write(world, hub, { by: "us", id, to: (old) => deleted(old, id, etag) });
}

/** A person in the portal edits a configuration, if it is there. */
export function edit(
  world: World,
  hub: number,
  id: string,
  change: (document: ConfigurationDocument) => Partial<ConfigurationDocument>,
): void {
  const stored = here(world, hub).configurations.get(id);
  if (stored === undefined) return;
  const document = { ...stored.document, ...change(stored.document) };
  write(world, hub, { by: "person", id, to: (old) => replaced(old, document, "*") });
}

/** A person in the portal deletes a configuration. */
export function remove(world: World, hub: number, id: string): void {
  if (!here(world, hub).configurations.has(id)) return;
  write(world, hub, { by: "person", id, to: (old) => removed(old, id) });
}

/** Remember a hub as it is now: the replica that a fail-over brings back. */
export function takeReplica(world: World, hub: number): void {
  world.replicas[hub] = here(world, hub);
}

/**
 * A hub fails over to its replica. That takes longer than any observation or request lives, so nothing under way is
 * left [protocol §3, 4]; etags are those of the replica again.
 */
export function failOver(world: World, hub: number): void {
  const replica = world.replicas[hub];
  if (replica === undefined) return;
  world.replicas[hub] = undefined;
  world.monotonic += 600_000;
  world.now += 600_000;
  world.late.length = 0;
  // Devices did not go back in time.
  const { devices, history, creations } = here(world, hub);
  world.hubs[hub] = { ...replica, devices, history, creations };
  world.oracle.saw({
    on: "fail-over",
    by: "person",
    hub,
    configurations: [...replica.configurations.values()].map(({ document, createdTimeUtc }) => ({
      ...document,
      createdTimeUtc,
    })),
  });
}

/** Time goes by; hubs evaluate and devices answer at its end. */
export function pass(world: World, ms: number): void {
  world.now += ms;
  world.monotonic += Math.max(0, ms);
  settle(world);
}

/** Every hub evaluates, and devices answer. */
export function settle(world: World): void {
  world.hubs.forEach((hub, number) => {
    world.hubs[number] = settled(hub, number, world.now, world.defects);
  });
}

/** Ends every fault: nothing under way, hubs and store answer. */
export function endFaults(world: World): void {
  world.late.length = 0;
  world.up.fill(true);
  world.storeUp = true;
  world.lagMs = 0;
}

/** A hub that answers. */
export function answering(world: World, hub: number): FastHub {
  if (world.up[hub] !== true)
    throw new WavegateError("HUB_UNREACHABLE", `${hubName(hub)} does not answer`, { hint: "" });
  return here(world, hub);
}

/** The store, when it answers. */
export function answeringStore(world: World): FastStore {
  if (!world.storeUp)
    throw new WavegateError("RECORD_STORE_FAILED", "the store does not answer", { hint: "" });
  return world.store;
}

function here(world: World, hub: number): FastHub {
  const found = world.hubs[hub];
  if (found === undefined) throw new Error(`there is no hub ${hub}`);
  return found;
}
