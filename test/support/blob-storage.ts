import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from "@azure/storage-blob";
import { startAzurite, type Azurite } from "../../local/azurite.ts";
import {
  createCertificateAuthority,
  issueServerCertificate,
  type ServerCertificate,
} from "../../local/hub/certificates.ts";

/** Blob storage on this machine, and Microsoft's client for whoever looks behind an adapter's back. */
export interface BlobStorage extends AsyncDisposable {
  readonly azurite: Azurite;
  readonly caPem: string;
  /** A certificate of the same authority, for a server of a test's own. */
  readonly certificate: ServerCertificate;
  container(name: string): ContainerClient;
  /** Names and sizes of a container's blobs that begin alike. */
  blobs(container: string, prefix: string): Promise<readonly { name: string; size: number }[]>;
}

/** Start it; close it when done. */
export async function startBlobStorage(): Promise<BlobStorage> {
  const directory = await mkdtemp(join(tmpdir(), "wavegate-storage-"));
  const authority = await createCertificateAuthority();
  const certificate = await issueServerCertificate(authority, ["localhost", "127.0.0.1"]);
  const caPem = authority.certPem;
  const azurite = await startAzurite({ directory, certificate, caPem });
  const client = blobService(azurite, caPem);
  return {
    azurite,
    caPem,
    certificate,
    container: (name) => client.getContainerClient(name),
    blobs: async (container, prefix) => {
      const found: { name: string; size: number }[] = [];
      for await (const { name, properties } of client.getContainerClient(container).listBlobsFlat({ prefix }))
        found.push({ name, size: properties.contentLength ?? 0 });
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      await azurite.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Microsoft's client for all of a storage on this machine. */
export function blobService(
  { endpoint, credential }: Pick<Azurite, "endpoint" | "credential">,
  caPem: string,
): BlobServiceClient {
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const pipeline: StoragePipelineOptions & { tlsOptions: { ca: string } } = { tlsOptions: { ca: caPem } };
  return new BlobServiceClient(endpoint, credential, pipeline);
}
