import semver from "semver";
import { isAborted, type Intent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import type { DeclaredRelease } from "./declared.ts";

/**
 * The release that should be started: the highest declared version that was neither aborted nor started yet, and is
 * above everything the product was given so far. undefined when there is nothing to start.
 */
export function wantedRelease(input: {
  readonly releases: readonly DeclaredRelease[];
  readonly intents: readonly Intent[];
  /** Digests of aborted releases. */
  readonly tombstones: ReadonlySet<string>;
}): DeclaredRelease | undefined {
  const { releases, intents, tombstones } = input;
  const aborted = new Set([...tombstones, ...intents.filter(isAborted).map(({ digest }) => digest)]);
  const highest = releases
    .filter(({ release }) => !aborted.has(digestOfRelease(release)))
    .toSorted((a, b) => semver.rcompare(a.release.version, b.release.version))[0];
  if (highest === undefined) return undefined;
  const given = intents.filter((intent) => !isAborted(intent)).map(({ version }) => version);
  return given.every((version) => semver.gt(highest.release.version, version)) ? highest : undefined;
}
