import { z } from "zod";
import { manifestDifferences, parseManifest, type Manifest } from "./manifest.ts";

/** The image of a release, by content: its name in the image store is its digest. */
export interface Artifact {
  /** Path below the image store's address: `sha256/<digest>.bin`. */
  readonly path: string;
  /** SHA-256 of the image, 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Signed statement about the image (manifest.ts), canonical JSON; empty when the release is not signed. */
  readonly manifest: string;
  /** Ed25519 signature over the manifest, base64; empty when the release is not signed. */
  readonly signature: string;
}

/** Schema of an image, shared with the fleet's adopted baselines. */
export const artifactSchema = z
  .strictObject({
    path: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits"),
    size: z.int().positive(),
    manifest: z.string(),
    signature: z.string(),
  })
  .superRefine((artifact, context) => {
    const refuse = (field: keyof Artifact, message: string): void => {
      context.addIssue({ code: "custom", path: [field], message });
    };
    const { path, sha256, size, manifest, signature } = artifact;
    if (!path.includes(sha256))
      refuse("path", `the path must hold the digest it names: sha256/${sha256}.bin`);
    if (/[?#]/.test(path))
      refuse("path", "a path has no query: a key in it would reach every device, for good");
    if ((manifest === "") !== (signature === ""))
      refuse("signature", "manifest and signature stand together, or are both empty");
    if (manifest === "") return;
    const parsed = parseManifest(manifest);
    if (typeof parsed === "string") refuse("manifest", `devices refuse it: ${parsed}`);
    for (const fault of manifestFaults(artifact, { sha256, size })) refuse("manifest", fault);
  });

/**
 * Why devices would refuse an image's manifest for what is declared beside it; empty when it is not signed. One that is
 * malformed is told by the schema.
 */
export function manifestFaults(
  { manifest }: Pick<Artifact, "manifest">,
  declared: Partial<Pick<Manifest, "product" | "version" | "sha256" | "size">>,
): readonly string[] {
  const parsed = parseManifest(manifest);
  if (typeof parsed === "string") return [];
  return manifestDifferences(parsed, declared).map((difference) => `devices refuse it: ${difference}`);
}
