import type { Configuration } from "../../../rollout/model/configuration.ts";
import { canonicalJson, digestOf, type Digest } from "../../../rollout/model/digest.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import { tombstoneName, type Stop } from "../../../rollout/model/stop.ts";
import type { HubPort, RecordPort } from "../../../rollout/reconcile/ports.ts";
import type { ReconcilePorts } from "../../../rollout/reconcile/reconcile.ts";
import { imagesOf } from "../../support/declarations.ts";
import { HUB_CALLS, RECORD_CALLS, wrapped } from "./calls.ts";
import { counted, listed, named, tallied } from "./fast-hub.ts";
import { contentsOf } from "./fast-store.ts";
import { answering, answeringStore, create, erase, hubName, replace, type World } from "./world.ts";

/** Lets a caller through to what a port does, now, later or never. */
export type Gate = (call: {
  readonly method: string;
  readonly argument: unknown;
  /** The hub it goes to; undefined: the store. */
  readonly hub: number | undefined;
  readonly run: () => unknown;
}) => Promise<unknown>;

const IMAGES = imagesOf("1.0.0", "1.1.0", "1.2.0");

/** The ports of one process in a world; every call of hub and store passes its gate. */
export function portsOf(world: World, gate: Gate): ReconcilePorts {
  const hubs = world.hubs.map((_, hub) =>
    wrapped(hubPort(world, hub), HUB_CALLS, (method, argument, run) => gate({ method, argument, hub, run })),
  );
  const records = wrapped(recordPort(world), RECORD_CALLS, (method, argument, run) =>
    gate({ method, argument, hub: undefined, run }),
  );
  const images = {
    base: "https://images.test/firmware",
    describe: (path: string) => Promise.resolve(IMAGES.get(path)),
  };
  const clock = {
    now: () => world.now,
    monotonic: () => world.monotonic,
    sleep: () => Promise.resolve(),
  };
  return { hubs, records, images, clock };
}

// What runs, runs at once: the gate decides when. Results are promises only for the port's sake.
function hubPort(world: World, hub: number): HubPort {
  const stored = (id: string): Configuration => {
    const found = listed(answering(world, hub)).find((one) => one.id === id);
    if (found === undefined) throw new Error(`${id} was written and is not there`);
    return found;
  };
  return now({
    name: hubName(hub),
    list: () => ({ configurations: listed(answering(world, hub)) }),
    create: (document: Parameters<HubPort["create"]>[0]) => {
      answering(world, hub);
      create(world, hub, document);
      return stored(document.id);
    },
    replace: (document: Parameters<HubPort["replace"]>[0], etag: string) => {
      answering(world, hub);
      replace(world, hub, document, etag);
      return stored(document.id);
    },
    remove: (id: string, etag: string) => {
      answering(world, hub);
      erase(world, hub, id, etag);
    },
    device: () => {
      throw new Error("no run asks for one device");
    },
    deviceIds: (query: string, most: number) =>
      named(answering(world, hub), query, world.now, world.lagMs).slice(0, most),
    tally: ({ grouped }: { readonly grouped: string }) =>
      tallied(answering(world, hub), grouped, world.now, world.lagMs),
    count: (query: string) => counted(answering(world, hub), query, world.now, world.lagMs),
  });
}

function recordPort(world: World): RecordPort {
  const put = (change: Partial<World["store"]>): void => {
    world.store = { ...answeringStore(world), ...change };
  };
  return now({
    putRecord: (record: RolloutRecord) => {
      const digest = digestOf(record);
      const { records } = answeringStore(world);
      const stored = JSON.parse(canonicalJson(record)) as RolloutRecord;
      put({ records: new Map(records).set(digest, stored) });
      world.oracle.saw({ on: "store", by: "us", what: "record", digest, record: stored });
      return digest;
    },
    getRecord: (_: string, digest: Digest) => answeringStore(world).records.get(digest),
    markTaken: (_: string, hub: string, head: Digest, before: Digest | undefined) => {
      if (answeringStore(world).marks.get(hub) !== before) return;
      put({ marks: new Map(answeringStore(world).marks).set(hub, head) });
      world.oracle.saw({ on: "store", by: "us", what: "mark", hub: Number(hub.slice(3)), head });
    },
    takenMark: (_: string, hub: string) => answeringStore(world).marks.get(hub) as Digest | undefined,
    putTombstone: (_: string, stop: Stop) => {
      const { tombstones } = answeringStore(world);
      const name = tombstoneName(stop) ?? stop.release;
      if (!tombstones.has(name)) put({ tombstones: new Map(tombstones).set(name, stop) });
      world.oracle.saw({ on: "store", by: "us", what: "tombstone", release: stop.release, kind: stop.kind });
    },
    tombstones: () => new Set(answeringStore(world).tombstones.keys()),
    appendLook: (_: string, attempt: string, look: Parameters<RecordPort["appendLook"]>[2]) => {
      const { looks } = answeringStore(world);
      put({ looks: new Map(looks).set(attempt, [...(looks.get(attempt) ?? []), look]) });
    },
    contents: (product: string) => contentsOf(answeringStore(world), product),
    looks: (_: string, attempt: string) => answeringStore(world).looks.get(attempt) ?? [],
  });
}

type Promised<Methods> = {
  [Name in keyof Methods]: Methods[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Result>
    : Methods[Name];
};

/** The gate calls these at once, and wants what they throw thrown at once: they are promises by type alone. */
function now<Methods extends object>(methods: Methods): Promised<Methods> {
  return methods as unknown as Promised<Methods>;
}
