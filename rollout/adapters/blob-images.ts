import { createHash } from "node:crypto";
import type { TokenCredential } from "@azure/core-auth";
import type { BlobServiceClient, StoragePipelineOptions } from "@azure/storage-blob";
import { WavegateError } from "../model/problem.ts";
import type { ImagePort } from "../reconcile/ports.ts";

/** Where images are stored: a container of a blob storage account. */
export interface BlobImagesOptions {
  /** Address of the container, as devices see it: `https://account.blob.core.windows.net/firmware`. */
  readonly base: string;
  readonly credential: TokenCredential;
  /** PEM of a certificate authority of one's own, for storage that stands in for Azure's. */
  readonly ca?: string;
}

/** Images, and putting them there. */
export interface ImageStore extends ImagePort {
  /** Store an image under its path; the same bytes twice are once, other bytes under a used name are refused. */
  upload(path: string, bytes: Uint8Array): Promise<void>;
}

/** Longest time one blob takes, real time. */
const BLOB_TIMEOUT_MS = 120_000;

/** Images in Azure blob storage, by token only: no account key is ever needed. */
export function blobImages({ base, credential, ca }: BlobImagesOptions): ImageStore {
  const address = new URL(base);
  const container = address.pathname
    .split("/")
    .filter((part) => part !== "")
    .at(-1);
  if (container === undefined) {
    throw new WavegateError("SETTINGS_INVALID", `images.base has no container: ${base}`, {
      hint: "write https://ACCOUNT.blob.core.windows.net/CONTAINER",
    });
  }
  const account = base.replace(/\/+$/, "").slice(0, -container.length - 1);
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const pipeline: StoragePipelineOptions & { tlsOptions?: { ca: string } } =
    ca === undefined ? {} : { tlsOptions: { ca } };
  let client: BlobServiceClient | undefined;
  const blob = async (
    path: string,
  ): Promise<ReturnType<ReturnType<BlobServiceClient["getContainerClient"]>["getBlockBlobClient"]>> => {
    // Loaded late: most commands touch no image, and the library takes its time.
    const { BlobServiceClient: Client } = await import("@azure/storage-blob");
    client ??= new Client(account, credential, pipeline);
    return client.getContainerClient(container).getBlockBlobClient(path);
  };
  return {
    base,
    describe: async (path) => {
      try {
        const answer = await (
          await blob(path)
        ).download(0, undefined, { abortSignal: AbortSignal.timeout(BLOB_TIMEOUT_MS) });
        const digest = createHash("sha256");
        let size = 0;
        for await (const chunk of answer.readableStreamBody ?? []) {
          // A blob's stream yields bytes.
          const bytes = chunk as Buffer;
          digest.update(bytes);
          size += bytes.length;
        }
        return { size, sha256: digest.digest("hex") };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw storeError(error, `reading ${path}`);
      }
    },
    upload: async (path, bytes) => {
      try {
        await (
          await blob(path)
        ).uploadData(bytes, {
          conditions: { ifNoneMatch: "*" },
          abortSignal: AbortSignal.timeout(BLOB_TIMEOUT_MS),
          blobHTTPHeaders: {
            blobContentType: "application/octet-stream",
            blobCacheControl: "public, max-age=31536000, immutable",
          },
        });
      } catch (error) {
        // 409 BlobAlreadyExists: the path is the digest, so it is the same image; `describe` is what checks.
        if (statusOf(error) !== 409) throw storeError(error, `storing ${path}`);
      }
    },
  };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

function storeError(error: unknown, what: string): WavegateError {
  if (error instanceof WavegateError) return error;
  const status = statusOf(error);
  // The client's own message can hold the whole request: only its first line is passed on.
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
  const hint =
    status === 401 || status === 403
      ? "the identity needs the role Storage Blob Data Contributor on the container"
      : "check images in the settings";
  return new WavegateError(
    "IMAGE_STORE_FAILED",
    `${what}: ${status === undefined ? "" : `HTTP ${status}: `}${text}`,
    { hint },
  );
}
