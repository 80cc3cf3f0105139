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

/** Folders of a record store whose files decide something or are verified. */
export type StoreFolder = "records" | "taken" | "terminal" | "looks";

/** The same, read: what could not be read as what its name says is a problem, and left out. */
export interface StoreContents {
  readonly product: string;
  /** Records by their digest. */
  readonly records: ReadonlyMap<Digest, RolloutRecord>;
  /** Looks at each attempt, in stored order. */
  readonly looks: ReadonlyMap<AttemptId, readonly Look[]>;
  /** Head that each hub last had, by the hub's name. */
  readonly marks: ReadonlyMap<string, Digest>;
  /** The stop of each release that was stopped for good, by the name of its tombstone (`tombstoneName`). */
  readonly tombstones: ReadonlyMap<string, Stop>;
  /** What could not be read, and every other fault of the files. */
  readonly problems: readonly Problem[];
}
