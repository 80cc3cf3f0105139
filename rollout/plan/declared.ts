import type { Digest } from "../model/digest.ts";
import type { Fleet } from "../model/fleet.ts";
import type { OverrideFile } from "../model/override-declaration.ts";
import type { Problem } from "../model/problem.ts";
import type { Release } from "../model/release.ts";

/** What the declarations want of one product. */
export interface Declared {
  readonly product: string;
  readonly fleet: Fleet;
  /** The product's releases, checked; any order. */
  readonly releases: readonly DeclaredRelease[];
  /** The product's override files, checked; absent: none. */
  readonly overrides?: readonly DeclaredOverride[];
  /** Problems found in the declarations: while there are errors, nothing widens. */
  readonly problems: readonly Problem[];
}

/** A release and the file it stands in. */
export interface DeclaredRelease {
  readonly release: Release;
  /** Path as a person would type it. */
  readonly file: string;
  /** Digest of what the file declares, where `release` is cut down to some devices; default: that of `release`. */
  readonly digest?: Digest;
}

/** An override and the file it stands in. */
export interface DeclaredOverride {
  readonly override: OverrideFile;
  /** Path as a person would type it. */
  readonly file: string;
}
