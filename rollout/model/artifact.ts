import { z } from "zod";

/** The image of a release, by content: its name in the image store is its digest. */
export interface Artifact {
  /** Path below the image store's address: `sha256/<digest>.bin`. */
  readonly path: string;
  /** SHA-256 of the image, 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Signed statement about the image, canonical JSON; empty while releases are unsigned. */
  readonly manifest: string;
  /** Ed25519 signature over the manifest, base64; empty while releases are unsigned. */
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
    if (artifact.path.includes(artifact.sha256)) return;
    context.addIssue({
      code: "custom",
      path: ["path"],
      message: `the path must hold the digest it names: sha256/${artifact.sha256}.bin`,
    });
  });
