import type { Effect } from "./effect.ts";
import { chainOf, headOf, isAncestor, slotsOf, type Memory } from "./state.ts";

/** [protocol §4, 4] The ref names stored records alone, and moves forward alone. */
export function checkRefWrite(
  memory: Memory,
  { hub, before, after }: Extract<Effect, { readonly on: "hub" }>,
): void {
  const head = headOf(after);
  const old = headOf(before);
  if (after === undefined) memory.broken.push(`4: we deleted the ref of hub${hub}`);
  if (after?.condition !== "") memory.broken.push(`3: the ref of hub${hub} targets devices`);
  if (head === old) return;
  const known = new Set(slotsOf(before).map(({ id }) => id));
  if (slotsOf(after).some(({ id }) => !known.has(id)))
    memory.broken.push(`4: the note of a stop moved the head of hub${hub}`);
  if (chainOf(memory, head) === undefined)
    memory.broken.push(`4: the ref of hub${hub} names a record that is absent, or whose chain is`);
  else if (old !== undefined && head !== undefined && !isAncestor(memory, old, head))
    memory.broken.push(`4: the ref of hub${hub} left the line of its head`);
}
