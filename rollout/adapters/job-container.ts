import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { TokenCredential } from "@azure/core-auth";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { WavegateError } from "../model/problem.ts";
import { pipelineOf } from "./blob-container.ts";

/** A container that the hub's import and export jobs go through. */
export interface JobContainer {
  /** Its address with a signature of some hours, for the hub: by the identity's own right, never an account key. */
  signedAddress(): Promise<string>;
  write(name: string, lines: readonly string[]): Promise<void>;
  /** Lines of a blob; none where there is no such blob. */
  lines(name: string): AsyncIterable<string>;
  /** Replace a blob by what its lines become, undefined being nothing; returns how many lines stay. */
  rewrite(name: string, change: (line: string) => string | undefined): Promise<number>;
  /** Changes whenever the blob does; undefined where there is none. */
  etag(name: string): Promise<string | undefined>;
  /** Remove a blob; one that is not there is removed already. */
  remove(name: string): Promise<void>;
}

/** Where the container is. */
export interface JobContainerOptions {
  /** `https://ACCOUNT.blob.core.windows.net/CONTAINER`. */
  readonly address: string;
  readonly credential: TokenCredential;
  /** PEM of a certificate authority of one's own, for storage that stands in for Azure's. */
  readonly ca?: string;
}

/** How long a job has to read or write: an import of a million devices takes hours. */
const SIGNATURE_HOURS = 24;
/** Clocks differ. */
const SKEW_MS = 10 * 60_000;
/** Blocks of 4 MB, as many at once: memory stays the same however large the fleet. */
const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS_AT_ONCE = 2;

/** A container in Azure blob storage. */
export function jobContainer({ address, credential, ca }: JobContainerOptions): JobContainer {
  const url = new URL(address);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const containerName = parts.at(-1);
  if (containerName === undefined) {
    throw new WavegateError("SETTINGS_INVALID", `identities.container has no container: ${address}`, {
      hint: "write https://ACCOUNT.blob.core.windows.net/CONTAINER",
    });
  }
  const account = `${url.origin}/${parts.slice(0, -1).join("/")}`.replace(/\/$/, "");
  let service: BlobServiceClient | undefined;
  const open = async (): Promise<{ service: BlobServiceClient; container: ContainerClient }> => {
    // Loaded late, as the image store does.
    const { BlobServiceClient: Client } = await import("@azure/storage-blob");
    service ??= new Client(account, credential, pipelineOf(ca === undefined ? {} : { ca }));
    return { service, container: service.getContainerClient(containerName) };
  };
  const lines = async function* (name: string): AsyncGenerator<string> {
    try {
      const { container } = await open();
      const { readableStreamBody } = await container.getBlobClient(name).download();
      if (readableStreamBody === undefined) return;
      yield* createInterface({ input: readableStreamBody, crlfDelay: Infinity });
    } catch (error) {
      if (statusOf(error) !== 404) throw storeError(error, `reading ${name}`);
    }
  };
  const upload = async (name: string, source: Readable): Promise<void> => {
    try {
      const { container } = await open();
      await container.getBlockBlobClient(name).uploadStream(source, BLOCK_BYTES, BLOCKS_AT_ONCE);
    } catch (error) {
      throw storeError(error, `writing ${name}`);
    }
  };
  return {
    signedAddress: async () => {
      const { ContainerSASPermissions, SASProtocol, generateBlobSASQueryParameters } =
        await import("@azure/storage-blob");
      const startsOn = new Date(Date.now() - SKEW_MS);
      const expiresOn = new Date(Date.now() + SIGNATURE_HOURS * 3_600_000);
      try {
        const { service: client, container } = await open();
        const key = await client.getUserDelegationKey(startsOn, expiresOn);
        const permissions = ContainerSASPermissions.parse("rwdl");
        const values = { containerName, permissions, startsOn, expiresOn, protocol: SASProtocol.Https };
        return `${container.url}?${generateBlobSASQueryParameters(values, key, client.accountName).toString()}`;
      } catch (error) {
        throw storeError(error, `signing an address of ${containerName}`);
      }
    },
    lines,
    write: (name, written) => upload(name, Readable.from(written.map((line) => `${line}\n`))),
    rewrite: async (name, change) => {
      let count = 0;
      const changed = async function* (): AsyncGenerator<string> {
        for await (const line of lines(name)) {
          const after = line.trim() === "" ? undefined : change(line);
          if (after === undefined) continue;
          count += 1;
          yield `${after}\n`;
        }
      };
      // The blob changes when its last block is there, so that it can be read to its end meanwhile.
      await upload(name, Readable.from(changed()));
      return count;
    },
    etag: async (name) => {
      try {
        return (await (await open()).container.getBlobClient(name).getProperties()).etag;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw storeError(error, `looking at ${name}`);
      }
    },
    remove: async (name) => {
      try {
        await (await open()).container.getBlobClient(name).deleteIfExists();
      } catch (error) {
        throw storeError(error, `removing ${name}`);
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
  return new WavegateError(
    "JOB_STORE_FAILED",
    `${what}: ${status === undefined ? "" : `HTTP ${status}: `}${text}`,
    {
      hint:
        status === 403
          ? "the identity needs Storage Blob Data Contributor on the container and Storage Blob Delegator on the account"
          : "check identities.container in the settings",
    },
  );
}
