import type { Look } from "../../../rollout/model/look.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";

/** The record store: replaced, never changed in place. */
export interface FastStore {
  readonly records: ReadonlyMap<string, RolloutRecord>;
  /** Head by hub. */
  readonly marks: ReadonlyMap<string, string>;
  /** Digests of aborted releases. */
  readonly tombstones: ReadonlySet<string>;
  readonly looks: ReadonlyMap<string, readonly Look[]>;
}

/** Nothing stored yet. */
export function emptyStore(): FastStore {
  return { records: new Map(), marks: new Map(), tombstones: new Set(), looks: new Map() };
}
