import { lookLine } from "../../../rollout/adapters/look-line.ts";
import { canonicalJson } from "../../../rollout/model/digest.ts";
import type { Look } from "../../../rollout/model/look.ts";
import type { RolloutRecord } from "../../../rollout/model/record.ts";
import type { Stop } from "../../../rollout/model/stop.ts";
import type { StoredFiles } from "../../../rollout/model/store-contents.ts";

/** The record store: replaced, never changed in place. */
export interface FastStore {
  readonly records: ReadonlyMap<string, RolloutRecord>;
  /** Head by hub. */
  readonly marks: ReadonlyMap<string, string>;
  /** The first abort of each release, by the release's digest. */
  readonly tombstones: ReadonlyMap<string, Stop>;
  readonly looks: ReadonlyMap<string, readonly Look[]>;
}

/** Nothing stored yet. */
export function emptyStore(): FastStore {
  return { records: new Map(), marks: new Map(), tombstones: new Map(), looks: new Map() };
}

/** Every file about a product, as a store keeps it. */
export function contentsOf(store: FastStore, product: string): StoredFiles {
  const files = <Value>(
    entries: Iterable<readonly [string, Value]>,
    ending: string,
    text: (value: Value) => string,
  ): ReadonlyMap<string, string> =>
    new Map([...entries].map(([name, value]) => [`${name}${ending}`, text(value)]));
  return {
    product,
    folders: {
      records: files(store.records, ".json", canonicalJson),
      taken: files(store.marks, ".json", (head) => canonicalJson({ schemaVersion: 1, head })),
      terminal: files(store.tombstones, ".json", (stop) => canonicalJson({ schemaVersion: 1, ...stop })),
      looks: files(store.looks, ".jsonl", (series) => series.map((look) => `${lookLine(look)}\n`).join("")),
    },
  };
}
