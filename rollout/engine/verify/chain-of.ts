import type { Digest } from "../../model/digest.ts";
import type { RolloutRecord } from "../../model/record.ts";
import type { StoreContents } from "../../model/store-contents.ts";

/** A chain, oldest first, and the record that is missing under it. */
export function chainOf(
  records: StoreContents["records"],
  head: Digest,
): { readonly chain: readonly Digest[]; readonly gap?: Digest } {
  const chain: Digest[] = [];
  let next: Digest | null = head;
  while (next !== null) {
    const record: RolloutRecord | undefined = records.get(next);
    if (record === undefined) return { chain: chain.reverse(), gap: next };
    chain.push(next);
    next = record.parent;
  }
  return { chain: chain.reverse() };
}
