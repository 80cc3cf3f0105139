import type { Effect } from "./effect.ts";
import { adoptedIn, chainOf, headOf, isLost, isRef, refOf, slotsOf, type Memory } from "./state.ts";

/** [protocol §4, 8] A write of ours takes a slot away only when its stop stands in the chain, or its release is lost and held. */
export function checkSlots(
  memory: Memory,
  { hub, id, before, after }: Extract<Effect, { readonly on: "hub" }>,
): void {
  const kept = new Set(slotsOf(after).map((slot) => slot.id));
  // A move of the ref adopts the slots that it drops; a hub whose ref was deleted goes by the others'.
  const heads = [...memory.hubs.map((each) => headOf(refOf(each))), isRef(id) ? headOf(after) : undefined];
  const adopted = new Set(heads.flatMap((head) => [...adoptedIn(chainOf(memory, head) ?? [])]));
  for (const slot of slotsOf(before)) {
    if (kept.has(slot.id) || adopted.has(slot.id)) continue;
    if (
      slot.kind === "hold" &&
      heads.some((head) => isLost(memory, chainOf(memory, head)?.[0]?.intents ?? [], slot.attempt))
    )
      continue;
    const elsewhere = memory.hubs.some(({ documents }) =>
      [...documents.values()].some(
        (other) =>
          !(other.id === id && other === memory.hubs[hub]!.documents.get(id)) &&
          slotsOf(other).some((standing) => standing.id === slot.id),
      ),
    );
    if (!elsewhere)
      memory.broken.push(`8: the last slot of an unrecorded ${slot.kind} was overwritten on ${id}`);
  }
}
