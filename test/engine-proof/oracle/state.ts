import type { Document, StoredRecord } from "./effect.ts";

/** What no write of ours may exceed on one hub, since a stop. */
export interface Cap {
  /** Id of the stop; `pending`: an edit in the portal that has no id yet. */
  readonly id: string;
  readonly kind: "hold" | "abort" | "portal";
  readonly mask: number;
}

/** What the oracle knows of one hub. */
export interface HubMemory {
  readonly documents: Map<string, Document>;
  /** Devices each configuration named when WE last certified it. */
  readonly certified: Map<string, number>;
  /** Devices WE ever exposed to each release; whom a person added in the portal is not among them. */
  readonly exposed: Map<string, number>;
  readonly caps: Map<string, readonly Cap[]>;
  /** Heads its ref ever named. */
  readonly heads: Set<string>;
}

/** Everything the oracle remembers: effects alone, no word of the engine's. */
export interface Memory {
  readonly hubs: HubMemory[];
  readonly records: Map<string, StoredRecord>;
  readonly marks: Map<number, string>;
  /** Hubs that went back in time or whose baseline a person changed: whom they catch is for people. */
  readonly byHand: Set<number>;
  readonly tombstones: Set<string>;
  /** Stops that ever took effect and were not made void by a person or a fail-over, with their attempt. */
  readonly stops: Map<string, { readonly attempt: string; readonly kind: "hold" | "abort" }>;
  /** Devices named when WE wrote a document, by its hub, its id and the digest we certified it with. */
  readonly written: Map<string, number>;
  readonly broken: string[];
}

/** What the oracle is told about the fleet. */
export interface Surroundings {
  readonly hubs: number;
  /** Devices a condition names, as a bit mask. */
  readonly exposureOf: (hub: number, condition: string) => number;
}

/** A memory of nothing. */
export function emptyMemory(hubs: number): Memory {
  return {
    hubs: Array.from({ length: hubs }, () => ({
      documents: new Map(),
      certified: new Map(),
      exposed: new Map(),
      caps: new Map(),
      heads: new Set(),
    })),
    records: new Map(),
    marks: new Map(),
    byHand: new Set(),
    tombstones: new Set(),
    stops: new Map(),
    written: new Map(),
    broken: [],
  };
}

/** The same memory, apart. */
export function copyOf(memory: Memory): Memory {
  return {
    hubs: memory.hubs.map(({ documents, certified, exposed, caps, heads }) => ({
      documents: new Map(documents),
      certified: new Map(certified),
      exposed: new Map(exposed),
      caps: new Map(caps),
      heads: new Set(heads),
    })),
    records: new Map(memory.records),
    marks: new Map(memory.marks),
    byHand: new Set(memory.byHand),
    tombstones: new Set(memory.tombstones),
    stops: new Map(memory.stops),
    written: new Map(memory.written),
    broken: [...memory.broken],
  };
}

/** True for the id of a ref. */
export function isRef(id: string): boolean {
  return id.startsWith("wg--");
}

/** The ref on a hub. */
export function refOf(hub: HubMemory): Document | undefined {
  return [...hub.documents.values()].find(({ id }) => isRef(id));
}

/** Digest of the record a ref names. */
export function headOf(ref: Document | undefined): string | undefined {
  return ref?.labels["wg-head"];
}

/** A record and its ancestors, newest first; undefined when a link is missing. */
export function chainOf(memory: Memory, head: string | undefined): readonly StoredRecord[] | undefined {
  if (head === undefined) return undefined;
  const chain: StoredRecord[] = [];
  for (let next: string | null = head; next !== null;) {
    const record = memory.records.get(next);
    if (record === undefined) return undefined;
    chain.push(record);
    next = record.parent;
  }
  return chain;
}

/** True when one head is the other or comes before it. */
export function isAncestor(memory: Memory, old: string, head: string): boolean {
  for (
    let next: string | null | undefined = head;
    typeof next === "string";
    next = memory.records.get(next)?.parent
  )
    if (next === old) return true;
  return false;
}

/** Ids of all stops in a chain. */
export function adoptedIn(chain: readonly StoredRecord[]): ReadonlySet<string> {
  return new Set(chain.flatMap(({ stops }) => stops.map(({ id }) => id)));
}

/** Ids of the holds that a later resume of the same attempt has cleared. */
export function clearedIn(chain: readonly StoredRecord[]): ReadonlySet<string> {
  const cleared = new Set<string>();
  const resumed = new Set<string>();
  for (const { kind, subject, stops } of chain) {
    for (const stop of stops) if (stop.kind === "hold" && resumed.has(stop.attempt)) cleared.add(stop.id);
    if (kind === "resume" && subject !== null) resumed.add(subject);
  }
  return cleared;
}

/** Devices a document named when we certified it; undefined: its certificate is not ours. */
export function certifiedMask(memory: Memory, hub: number, document: Document): number | undefined {
  return memory.written.get(`${hub} ${document.id} ${document.labels["wg-doc"] ?? ""}`);
}

/** A stop's slot in labels. */
export interface Slot {
  readonly id: string;
  readonly kind: "hold" | "abort";
  readonly attempt: string;
  readonly actor: string;
}

/** Slots that stand in a document's labels. */
export function slotsOf(document: Document | undefined): readonly Slot[] {
  if (document === undefined) return [];
  const { labels } = document;
  return Object.entries(labels).flatMap(([name, id]): Slot[] => {
    const [, kind, suffix] = /^wg-(hold|abort)(?:-(fw--.+))?$/.exec(name) ?? [];
    if (kind !== "hold" && kind !== "abort") return [];
    const place = suffix === undefined ? "" : `-${suffix}`;
    return [{ id, kind, attempt: suffix ?? document.id, actor: labels[`wg-${kind}-actor${place}`] ?? "" }];
  });
}

/** What a record says of its releases. */
export type Intents = readonly {
  readonly attempt: string;
  readonly state: string;
  readonly condition: string;
  readonly created: Readonly<Record<string, string>>;
}[];

/** A release whose configuration a person deleted is held for good. */
export function isLost(memory: Memory, intents: Intents, attempt: string): boolean {
  const intent = intents.find((one) => one.attempt === attempt);
  return (
    intent?.state === "held" &&
    memory.hubs.some(
      (hub, number) => hub.documents.get(attempt)?.createdTimeUtc !== intent.created[`hub${number}`],
    )
  );
}
