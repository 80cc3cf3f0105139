import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AccessToken, TokenCredential } from "@azure/core-auth";
import {
  BlobServiceClient,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
  type StoragePipelineOptions,
} from "@azure/storage-blob";
import { END_WITH_STDIN, stopChild } from "./stop-child.ts";

/** What a blob service on this machine is started with. */
export interface AzuriteOptions {
  /** Folder for the certificate while Azurite reads it; made when missing. Blobs are kept in memory only. */
  readonly directory: string;
  /** Server certificate for 127.0.0.1. */
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
  /** Authority that issued the certificate. */
  readonly caPem: string;
}

/** A running blob service, with what the back end and an operator's command line need to use it. */
export interface Azurite extends AsyncDisposable {
  /** Address of the storage account, with no slash at the end. */
  readonly endpoint: string;
  /** What the Azure identity library would give on Azure. */
  readonly credential: TokenCredential;
  /** Make a container, readable with a token only. */
  createContainer(name: string): Promise<void>;
  /** Make a container whose blobs anyone may read by address, but not list. */
  createPublicContainer(name: string): Promise<void>;
  /** Address of a container with a shared access signature of an hour, for programs without a token. */
  signedContainer(name: string, permissions?: string): Promise<string>;
  /** Write a token (a JWT, nothing else) that another process may use; readable by the file's owner only. */
  writeTokenFile(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Name Azurite gives its one account. */
const ACCOUNT = "devstoreaccount1";
const TOKEN_LIFETIME_MS = 24 * 3_600_000;
const SIGNATURE_LIFETIME_MS = 3_600_000;
/** Azurite starts within two seconds; a machine busy with an install takes longer. */
const START_LIMIT_MS = 60_000;

/** Start Azurite's blob service over HTTPS on a port the system chooses. */
export async function startAzurite({ directory, certificate, caPem }: AzuriteOptions): Promise<Azurite> {
  const accountKey = randomBytes(64).toString("base64");
  const { child, port } = await startProcess(directory, certificate, accountKey);
  const endpoint = `https://127.0.0.1:${port}/${ACCOUNT}`;
  const credential: TokenCredential = { getToken: () => Promise.resolve(issueToken()) };
  // `tlsOptions` is an option of the pipeline below (@azure/core-rest-pipeline) that this client's type does not name.
  const pipelineOptions: StoragePipelineOptions & { tlsOptions: { ca: string } } = {
    tlsOptions: { ca: caPem },
  };
  // Public access is set by key: a token does not allow it, here or on Azure [Set Container ACL, Permissions].
  const owner = new BlobServiceClient(
    endpoint,
    new StorageSharedKeyCredential(ACCOUNT, accountKey),
    pipelineOptions,
  );
  const close = (): Promise<void> => stopChild(child);
  try {
    await new BlobServiceClient(endpoint, credential, pipelineOptions).getProperties();
  } catch (error) {
    await close();
    // The client's error holds the request with its token: only its text goes on.
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Azurite listens at ${endpoint} but refuses the first call: ${reason}`);
  }
  return {
    endpoint,
    credential,
    async createContainer(name) {
      await owner.getContainerClient(name).createIfNotExists();
    },
    async createPublicContainer(name) {
      await owner.getContainerClient(name).createIfNotExists({ access: "blob" });
    },
    signedContainer: (name, permissions = "rwl") =>
      owner.getContainerClient(name).generateSasUrl({
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + SIGNATURE_LIFETIME_MS),
      }),
    async writeTokenFile(path) {
      const draft = `${path}.${process.pid}.new`;
      await writeFile(draft, issueToken().token, { mode: 0o600, flag: "wx" });
      await rename(draft, path);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function startProcess(
  directory: string,
  certificate: AzuriteOptions["certificate"],
  accountKey: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  await mkdir(directory, { recursive: true });
  const certFile = join(directory, "azurite-cert.pem");
  const keyFile = join(directory, "azurite-key.pem");
  await writeFile(certFile, certificate.certPem);
  await writeFile(keyFile, certificate.keyPem, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      ...[
        "--import",
        END_WITH_STDIN,
        createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js"),
      ],
      ...[
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        "0",
        "--cert",
        certFile,
        "--key",
        keyFile,
        "--oauth",
        "basic",
      ],
      ...["--inMemoryPersistence", "--disableProductStyleUrl", "--disableTelemetry", "--silent"],
      // Microsoft's client speaks a newer version of the API than its emulator lists.
      "--skipApiVersionCheck",
    ],
    // A key of this run alone, in place of the published one; Azurite takes it from its environment only.
    // A group of its own: Ctrl-C in the terminal is for the demo, which closes its storage when it is done with it.
    {
      cwd: directory,
      detached: true,
      env: { ...process.env, AZURITE_ACCOUNTS: `${ACCOUNT}:${accountKey}` },
      stdio: "pipe",
    },
  );
  try {
    return { child, port: await listeningPort(child) };
  } catch (error) {
    await stopChild(child, 0);
    throw error;
  } finally {
    await rm(certFile, { force: true });
    await rm(keyFile, { force: true });
  }
}

/** Port from the line Azurite prints once it accepts connections; the rest of its output is kept for an error. */
async function listeningPort(
  child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream },
): Promise<number> {
  const output: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (what: string): void => {
    reject(new Error(`Azurite ${what}. Its last words: ${output.join(" | ") || "none"}`));
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const port = /successfully listens on https:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
      output.push(line.slice(0, 500));
      if (output.length > 10) output.shift();
    });
  }
  child.once("error", reject);
  child.once("exit", (code, signal) => {
    fail(`ended with ${signal ?? `code ${code ?? "unknown"}`} before it listened`);
  });
  const limit = setTimeout(() => {
    fail(`did not listen within ${START_LIMIT_MS / 1000} s`);
  }, START_LIMIT_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(limit);
  }
}

/**
 * A token with the claims Azurite's basic OAuth reads (its BlobTokenAuthenticator): lifetime, issuer and audience.
 * FIDELITY: Azurite checks no signature, so there is none; and it knows no roles.
 */
function issueToken(): AccessToken {
  const now = Date.now();
  const expiresOnTimestamp = now + TOKEN_LIFETIME_MS;
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
    oid: randomUUID(),
    // Azurite puts it into the keys it delegates, and fails where there is none.
    tid: "00000000-0000-0000-0000-000000000000",
    // A minute back, for clocks that are read in another order than they tick.
    iat: Math.floor(now / 1000) - 60,
    nbf: Math.floor(now / 1000) - 60,
    exp: Math.floor(expiresOnTimestamp / 1000),
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return { token: `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`, expiresOnTimestamp };
}
