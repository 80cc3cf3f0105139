import { createHash } from "node:crypto";
import type { TokenCredential } from "@azure/core-auth";
import { ACCESS_LIFE_MS } from "../model/access-life.ts";
import type { ImageKeys, ImagePort } from "../reconcile/ports.ts";
import { ABSENT, blobContainer, EXISTS, expecting, type BlobContainerOptions } from "./blob-container.ts";
import { imageKeys } from "./image-keys.ts";

/** Where images are stored: a container of a blob storage account. */
export interface BlobImagesOptions {
  /** Address of the container, as devices see it: `https://account.blob.core.windows.net/firmware`. */
  readonly base: string;
  readonly credential: TokenCredential;
  /** PEM of a certificate authority of one's own, for storage that stands in for Azure's. */
  readonly ca?: string;
  /** How long keys to images are good for, ms. Default 24 hours. */
  readonly accessLifeMs?: number;
}

/** Images, and putting them there. */
export interface ImageStore extends ImagePort {
  /** Store an image under its path; the same bytes twice are once, other bytes under a used name are refused. */
  upload(path: string, bytes: Uint8Array): Promise<void>;
  readonly keys: ImageKeys;
}

/** Longest time one blob takes, real time. */
const BLOB_LIMIT_MS = 120_000;

/** Images in Azure blob storage, by token only. */
export function blobImages({
  base,
  accessLifeMs = ACCESS_LIFE_MS,
  ...access
}: BlobImagesOptions): ImageStore {
  const options: BlobContainerOptions = {
    ...access,
    url: base,
    setting: "images.base",
    code: "IMAGE_STORE_FAILED",
    hint: "check images in the settings",
  };
  const container = blobContainer(options);
  return {
    base,
    keys: imageKeys(options, accessLifeMs),
    describe: (path) =>
      container.call(`reading ${path}`, BLOB_LIMIT_MS, async (client, abortSignal) => {
        const answer = await client
          .getBlockBlobClient(path)
          .download(0, undefined, { abortSignal })
          .catch(expecting(ABSENT, undefined));
        if (answer === undefined) return undefined;
        const digest = createHash("sha256");
        let size = 0;
        for await (const chunk of answer.readableStreamBody ?? []) {
          // A blob's stream yields bytes.
          const bytes = chunk as Buffer;
          digest.update(bytes);
          size += bytes.length;
        }
        return { size, sha256: digest.digest("hex") };
      }),
    upload: (path, bytes) =>
      container.call(`storing ${path}`, BLOB_LIMIT_MS, async (client, abortSignal) => {
        await client
          .getBlockBlobClient(path)
          .uploadData(bytes, {
            conditions: { ifNoneMatch: "*" },
            abortSignal,
            blobHTTPHeaders: {
              blobContentType: "application/octet-stream",
              blobCacheControl: "public, max-age=31536000, immutable",
            },
          })
          // The path is the digest, so it is the same image; `describe` is what checks.
          .catch(expecting(EXISTS, undefined));
      }),
  };
}
