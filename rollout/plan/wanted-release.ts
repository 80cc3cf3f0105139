import semver from "semver";
import { isAborted, isRolledOut, type Intent, type RolloutIntent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { isBuried } from "../model/stop.ts";
import type { DeclaredRelease } from "./declared.ts";
import { retryRelease } from "./retry-release.ts";

/**
 * The release that should be started: the highest declared version that was neither stopped for good nor started yet,
 * and is above everything the product was given so far; a release that a person allows another attempt counts as not
 * started yet. undefined when there is nothing to start.
 */
export function wantedRelease(input: {
  readonly releases: readonly DeclaredRelease[];
  readonly intents: readonly Intent[];
  /** Names of the tombstones of what was stopped for good. */
  readonly tombstones: ReadonlySet<string>;
}): DeclaredRelease | undefined {
  const { releases, intents, tombstones } = input;
  const aborted = new Set(intents.filter(isAborted).map(({ digest }) => digest));
  const retried = new Set(retriedIntents(intents).map(({ digest }) => digest));
  const highest = releases
    .filter(({ release }) => {
      const digest = digestOfRelease(release);
      return retried.has(digest) || !(aborted.has(digest) || isBuried(tombstones, digest));
    })
    .toSorted((a, b) => semver.rcompare(a.release.version, b.release.version))[0];
  if (highest === undefined) return undefined;
  const given = intents
    .filter((intent) => !isAborted(intent) && !retried.has(intent.digest))
    .map(({ version }) => version);
  if (!given.every((version) => semver.gt(highest.release.version, version))) return undefined;
  const digest = digestOfRelease(highest.release);
  const again = retriedIntents(intents).find((intent) => intent.digest === digest);
  return again === undefined ? highest : retryRelease(highest, digest, again);
}

/** Attempts that a person allows to be tried once more. */
export function retriedIntents(intents: readonly Intent[]): readonly RolloutIntent[] {
  return intents.filter(
    (intent): intent is RolloutIntent => isRolledOut(intent) && intent.retry !== undefined,
  );
}
