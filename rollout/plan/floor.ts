import semver from "semver";
import type { Artifact } from "../model/artifact.ts";
import { parseManifest } from "../model/manifest.ts";
import { isRolledOut, type Intent } from "../model/record.ts";

/** The floor that devices have once they took a release: its own, or a higher one of what reached everyone before. */
export function floorAfter(artifact: Artifact, intents: readonly Intent[]): string | undefined {
  const before = intents.flatMap((intent) =>
    isRolledOut(intent) && (intent.state === "watching" || intent.state === "settled")
      ? [intent.release.artifact]
      : [],
  );
  return [artifact, ...before]
    .flatMap((one) => floorOf(one) ?? [])
    .toSorted(semver.rcompare)
    .at(0);
}

/** The lowest version that devices go back to once they run this image; undefined: it is not signed, or says none. */
function floorOf({ manifest }: Pick<Artifact, "manifest">): string | undefined {
  const parsed = parseManifest(manifest);
  // What is malformed raises no floor: devices refuse it.
  return typeof parsed === "string" ? undefined : parsed.floor;
}
