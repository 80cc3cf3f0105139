import { LONGEST_ACCESS_LIFE_MS } from "../model/access-life.ts";
import { secret, type Secret } from "../model/secret.ts";
import type { ImageKeys } from "../reconcile/ports.ts";
import { blobContainer, pipelineOf, type BlobContainerOptions } from "./blob-container.ts";

/** A key has to be there while the look at the hub is fresh [protocol §3, 4], and nothing else waits for it. */
const LIMIT_MS = 15_000;
/** Clocks differ: the service refuses a delegation that begins later than its own now. */
const SKEW_MS = 10 * 60_000;

/**
 * Keys to single images by the identity's own right, never by an account key: user delegation SAS, for reading one blob
 * over HTTPS. They begin at no instant, so that no clock keeps a fresh one shut.
 */
export function imageKeys(images: BlobContainerOptions, wantedLifeMs: number): ImageKeys {
  const lifeMs = Math.min(wantedLifeMs, LONGEST_ACCESS_LIFE_MS - SKEW_MS);
  const container = blobContainer({
    ...images,
    forbidden:
      "the identity needs the roles Storage Blob Delegator on the account and Storage Blob Data Reader on the container",
  });
  return {
    lifeMs,
    sign: (paths) =>
      container.call("signing keys to images", LIMIT_MS, async (client, abortSignal) => {
        const { BlobSASPermissions, BlobServiceClient, SASProtocol, generateBlobSASQueryParameters } =
          await import("@azure/storage-blob");
        // Real time: the service's own clock ends them, whatever clock the rollout lives by.
        const now = Date.now();
        const expiresOn = new Date(now + lifeMs);
        const { containerName, accountName } = client;
        const account = container.url.slice(0, -containerName.length - 1);
        const service = new BlobServiceClient(account, images.credential, pipelineOf(images));
        const key = await service.getUserDelegationKey(new Date(now - SKEW_MS), expiresOn, { abortSignal });
        const permissions = BlobSASPermissions.parse("r");
        const protocol = SASProtocol.Https;
        return new Map(
          paths.map((blobName): [string, Secret] => {
            const values = { containerName, blobName, permissions, expiresOn, protocol };
            return [blobName, secret(generateBlobSASQueryParameters(values, key, accountName).toString())];
          }),
        );
      }),
  };
}
