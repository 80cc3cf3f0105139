import type { Digest } from "../model/digest.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import type { DeclaredRelease } from "./declared.ts";

/**
 * A release as another attempt of it runs: the whole of it, or one smoke wave of the devices a person named, since so
 * few prove nothing. It stays the same release: its digest is that of its file.
 */
export function retryRelease(
  declared: DeclaredRelease,
  digest: Digest,
  { retry }: Pick<RolloutIntent, "retry">,
): DeclaredRelease {
  const devices = retry?.only;
  if (devices === undefined) return declared;
  const { release, file } = declared;
  const waves: Release["waves"] = [
    {
      name: "failed devices",
      cohort: { kind: "named", devices },
      kind: "smoke",
      bakeMs: release.gate.bakeMs,
      approvals: 0,
    },
  ];
  return { release: { ...release, waves }, file, digest };
}
