import type { AttemptId } from "./attempt.ts";
import type { Digest } from "./digest.ts";
import type { Look } from "./look.ts";
import type { Problem } from "./problem.ts";
import type { RolloutRecord } from "./record.ts";
import type { Stop } from "./stop.ts";

/** Everything a record store holds about one product, as texts: what tells whether any byte was changed. */
export interface StoredFiles {
  readonly product: string;
  /** By folder (`records`, `taken`, `terminal`, `looks`), then by file name. */
  readonly folders: Readonly<Record<StoreFolder, ReadonlyMap<string, string>>>;
}

export const STORE_FOLDERS = ["records", "taken", "terminal", "looks"] as const;
export type StoreFolder = (typeof STORE_FOLDERS)[number];

/** The same, read: what could not be read as what its name says is a problem, and left out. */
export interface StoreContents {
  readonly product: string;
  readonly records: ReadonlyMap<Digest, RolloutRecord>;
  readonly looks: ReadonlyMap<AttemptId, readonly Look[]>;
  /** Head that each hub last had, by the hub's name. */
  readonly marks: ReadonlyMap<string, Digest>;
  /** The abort of each release, by the release's digest. */
  readonly tombstones: ReadonlyMap<Digest, Stop>;
  readonly problems: readonly Problem[];
}
