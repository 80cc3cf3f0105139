import { digestOf, type Digest } from "../../../rollout/model/digest.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { StoreContents } from "../../../rollout/model/store-contents.ts";

/** The store with some records written anew, and every record above them named anew: what a forger with a store does. */
export function forged(
  contents: StoreContents,
  change: (record: RolloutRecord) => RolloutRecord,
): StoreContents {
  const renamed = new Map<Digest, Digest>();
  const records = new Map<Digest, RolloutRecord>();
  for (const [digest, record] of contents.records) {
    const parent = record.parent === null ? null : (renamed.get(record.parent) ?? record.parent);
    const written = { ...change(record), parent };
    renamed.set(digest, digestOf(written));
    records.set(digestOf(written), written);
  }
  const marks = new Map([...contents.marks].map(([hub, head]) => [hub, renamed.get(head) ?? head]));
  return { ...contents, records, marks };
}
