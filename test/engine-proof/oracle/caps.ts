import type { Effect } from "./effect.ts";
import {
  adoptedIn,
  certifiedMask,
  chainOf,
  clearedIn,
  headOf,
  refOf,
  slotsOf,
  type Cap,
  type HubMemory,
  type Memory,
  type Surroundings,
} from "./state.ts";

type HubEffect = Extract<Effect, { readonly on: "hub" }>;

/** Every device there can be: what is not taken out by a person. */
const ALL = 2 ** 30 - 1;
const PORTAL = "unknown%20(portal)";

function capsOn(hub: HubMemory, attempt: string): readonly Cap[] {
  return hub.caps.get(attempt) ?? [];
}

/** A slot that is new on a release's configuration caps it at what that write left. */
export function capsAfterWrite(memory: Memory, around: Surroundings, effect: HubEffect): void {
  const { hub: number, id, before, after } = effect;
  const hub = memory.hubs[number]!;
  if (after === undefined) return;
  const mask = around.exposureOf(number, after.condition);
  if (before === undefined || before.labels["wg-doc"] !== after.labels["wg-doc"]) {
    memory.written.set(`${number} ${id} ${after.labels["wg-doc"] ?? ""}`, mask);
    hub.exposed.set(id, (hub.exposed.get(id) ?? 0) | mask);
  }
  hub.certified.set(id, certifiedMask(memory, number, after) ?? mask);
  const cleared = clearedIn(chainOf(memory, headOf(refOf(hub))) ?? []);
  const known = new Set(slotsOf(before).map((slot) => slot.id));
  let caps = capsOn(hub, id);
  for (const slot of slotsOf(after)) {
    if (known.has(slot.id)) continue;
    // What a person took out stays out under the id of the hold that answers the edit.
    if (slot.actor === PORTAL)
      caps = caps.map((cap) => (cap.id === "pending" ? { ...cap, id: slot.id } : cap));
    if (!cleared.has(slot.id)) caps = [...caps, { id: slot.id, kind: slot.kind, mask }];
  }
  hub.caps.set(id, caps);
}

/** A ref that moves clears the holds that its new chain resumed, and caps what it adopts. */
export function capsAfterRefMove(memory: Memory, around: Surroundings, number: number): void {
  const hub = memory.hubs[number]!;
  const chain = chainOf(memory, headOf(refOf(hub)));
  if (chain === undefined) return;
  for (const { id, attempt, kind } of chain[0]?.stops ?? []) {
    if (kind !== "hold" && kind !== "abort") continue;
    const caps = capsOn(hub, attempt);
    if (caps.some((cap) => cap.id === id)) continue;
    const found = hub.documents.get(attempt);
    const mask = found === undefined ? 0 : around.exposureOf(number, found.condition);
    hub.caps.set(attempt, [...caps, { id, kind, mask }]);
    if (!memory.stops.has(id)) memory.stops.set(id, { attempt, kind });
  }
  const cleared = clearedIn(chain);
  for (const [attempt, caps] of hub.caps)
    hub.caps.set(
      attempt,
      caps.filter(({ id }) => !cleared.has(id)),
    );
}

/** A person's edit: whom it takes out of what we certified stays out; whom it puts back in, a person may. */
export function capsAfterEdit(memory: Memory, around: Surroundings, effect: HubEffect): void {
  const { hub: number, id, after } = effect;
  const hub = memory.hubs[number]!;
  if (after === undefined) {
    hub.caps.set(
      id,
      capsOn(hub, id).filter(({ kind }) => kind !== "portal"),
    );
    return;
  }
  const mask = around.exposureOf(number, after.condition);
  const certified = hub.certified.get(id) ?? 0;
  const kept = capsOn(hub, id)
    // Several edits between two looks count as one.
    .filter((cap) => cap.kind !== "portal" || (mask & ~cap.mask) === 0);
  const taken = certified & ~mask;
  hub.caps.set(id, taken === 0 ? kept : [...kept, { id: "pending", kind: "portal", mask: ALL & ~taken }]);
}

/**
 * A hub that failed over remembers nothing since its replica: a stop survives by a tombstone, or in the chain of the
 * taken mark [protocol §2, end].
 */
export function capsAfterFailOver(memory: Memory, number: number): void {
  const hub = memory.hubs[number]!;
  const marked = adoptedIn(chainOf(memory, memory.marks.get(number)) ?? []);
  for (const [attempt, caps] of hub.caps)
    hub.caps.set(
      attempt,
      caps.filter(({ id, kind }) => kind !== "portal" && (marked.has(id) || isBuried(memory, id))),
    );
  forgetVanished(memory);
}

/** An abort whose tombstone stands is durable. */
function isBuried(memory: Memory, id: string): boolean {
  const stop = memory.stops.get(id);
  if (stop?.kind !== "abort") return false;
  for (const { intents } of memory.records.values())
    for (const { attempt, digest } of intents)
      if (attempt === stop.attempt && memory.tombstones.has(digest)) return true;
  return false;
}

/** A stop of which a person or a fail-over left no trace can be known by nobody: it counts no more. */
export function forgetVanished(memory: Memory): void {
  const standing = new Set<string>();
  memory.hubs.forEach((hub, number) => {
    for (const document of hub.documents.values()) for (const { id } of slotsOf(document)) standing.add(id);
    for (const head of [headOf(refOf(hub)), memory.marks.get(number)])
      for (const id of adoptedIn(chainOf(memory, head) ?? [])) standing.add(id);
  });
  for (const id of memory.stops.keys()) {
    if (standing.has(id)) continue;
    memory.stops.delete(id);
    for (const hub of memory.hubs)
      for (const [attempt, caps] of hub.caps)
        hub.caps.set(
          attempt,
          caps.filter((cap) => cap.id !== id),
        );
  }
}
