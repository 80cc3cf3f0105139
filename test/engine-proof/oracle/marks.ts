import type { Effect } from "./effect.ts";
import { isAncestor, type Memory } from "./state.ts";

/** A taken mark names a head that the hub has had, and never goes back [protocol §3, 2 and 5.4]. */
export function checkMark(memory: Memory, { hub, head }: Extract<Effect, { readonly what: "mark" }>): void {
  if (memory.hubs[hub]?.heads.has(head) !== true)
    memory.broken.push(`12: hub${hub} is marked to have had a head that it never had`);
  const old = memory.marks.get(hub);
  if (old !== undefined && old !== head && isAncestor(memory, head, old))
    memory.broken.push(`12: the taken mark of hub${hub} went back`);
  memory.marks.set(hub, head);
}
