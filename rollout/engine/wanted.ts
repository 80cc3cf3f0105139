import type { Digest } from "../model/digest.ts";
import type { Intent } from "../model/record.ts";
import { digestOfRelease, type Release } from "../model/release.ts";
import { wantedRelease } from "../plan/wanted-release.ts";
import type { StepInput } from "./observation.ts";

/** The release to start, as it would run, and the digest of what its file declares. */
export interface Wanted {
  readonly release: Release;
  readonly digest: Digest;
}

/** The release that what was observed leaves to be started; with other intents than the head's, as it would be by them. */
export function wantedOf(
  { declared, observation }: Pick<StepInput, "declared" | "observation">,
  intents: readonly Intent[] = observation.store?.head?.record.intents ?? [],
): Wanted | undefined {
  const wanted = wantedRelease({
    releases: declared.releases,
    intents,
    tombstones: observation.store?.tombstones ?? new Set(),
  });
  if (wanted === undefined) return undefined;
  const { release, digest = digestOfRelease(release) } = wanted;
  return { release, digest };
}
