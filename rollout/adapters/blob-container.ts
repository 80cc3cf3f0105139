import type { TokenCredential } from "@azure/core-auth";
import type { ContainerClient, StoragePipelineOptions } from "@azure/storage-blob";
import { WavegateError, type Code } from "../model/problem.ts";
import { whenAborted } from "./when-aborted.ts";

/** A container of a blob storage account, and what to say of it when it fails. */
export interface BlobContainerOptions {
  /** Its address: `https://account.blob.core.windows.net/firmware`. */
  readonly url: string;
  readonly credential: TokenCredential;
  /** PEM of a certificate authority of one's own, for storage that stands in for Azure's. */
  readonly ca?: string;
  /** Where the address stands in the settings: `images.base`. */
  readonly setting: string;
  /** Code of every failure. */
  readonly code: Code;
  /** What to check when the storage itself does not say what is wrong. */
  readonly hint: string;
  /** What to do about a refusal; default: to give the identity the role that writes. */
  readonly forbidden?: string;
  /** How the client repeats what failed on the way; default: the client's own. */
  readonly retryOptions?: StoragePipelineOptions["retryOptions"];
  /** Limit of the calls after one that was not answered in time, until one is, real ms; default: none of its own. */
  readonly silentLimitMs?: number;
}

/** Access to a container by token only: no account key is ever needed. */
export interface BlobContainer {
  /** Its address, with no slash at the end. */
  readonly url: string;
  /** Work with the container; whatever fails, or takes longer than the limit, real time, is a WavegateError. */
  call<T>(
    what: string,
    limitMs: number,
    run: (container: ContainerClient, abortSignal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

/** A container; nothing is connected or loaded before it is used. */
export function blobContainer(options: BlobContainerOptions): BlobContainer {
  const { credential, setting, silentLimitMs = Infinity } = options;
  const url = options.url.replace(/\/+$/, "");
  if (new URL(url).pathname.replaceAll("/", "") === "") {
    throw new WavegateError("SETTINGS_INVALID", `${setting} has no container: ${options.url}`, {
      hint: "write https://ACCOUNT.blob.core.windows.net/CONTAINER",
    });
  }
  const pipeline = pipelineOf(options);
  let client: ContainerClient | undefined;
  let isSilent = false;
  return {
    url,
    call: async (what, usualLimitMs, run) => {
      // Loaded late: most commands touch no blob, and the library takes its time.
      const { ContainerClient: Client } = await import("@azure/storage-blob");
      const limitMs = isSilent ? Math.min(usualLimitMs, silentLimitMs) : usualLimitMs;
      const abortSignal = AbortSignal.timeout(limitMs);
      try {
        client ??= new Client(url, credential, pipeline);
        // Raced, since not every credential heeds the signal.
        const value = await Promise.race([
          run(client, abortSignal),
          whenAborted(abortSignal, () => new Error("aborted")),
        ]);
        isSilent = false;
        return value;
      } catch (error) {
        isSilent = abortSignal.aborted;
        const late = isSilent ? `no answer within ${limitMs / 1_000} s` : undefined;
        throw failure(error, `${what}: `, options, late);
      }
    },
  };
}

/** How Microsoft's clients reach the storage. */
export function pipelineOf({
  ca,
  retryOptions,
}: Pick<BlobContainerOptions, "ca" | "retryOptions">): StoragePipelineOptions {
  // `tlsOptions` is an option of the pipeline below that this client's type does not name.
  const pipeline: StoragePipelineOptions & { tlsOptions?: { ca: string } } = {
    ...(ca === undefined ? {} : { tlsOptions: { ca } }),
    ...(retryOptions === undefined ? {} : { retryOptions }),
  };
  return pipeline;
}

/** Take errors that the service answers with one of these codes as this value; others go on. */
export function expecting<T>(codes: readonly string[], value: T): (error: unknown) => T {
  return (error) => {
    if (isRestError(error) && codes.includes(error.code ?? "")) return value;
    throw error;
  };
}

/** What the service answers when a blob is absent; a container that is absent is another matter. */
export const ABSENT = ["BlobNotFound"];
/** What it answers to `If-None-Match: *` when the blob is there. */
export const EXISTS = ["BlobAlreadyExists", "ConditionNotMet"];

type RestError = Error & { readonly statusCode?: number; readonly code?: string };

/** By name: the library's own check would load the library. A failed sign-in has a status too, and is none of these. */
function isRestError(error: unknown): error is RestError {
  return error instanceof Error && error.name === "RestError";
}

function failure(
  error: unknown,
  what: string,
  options: BlobContainerOptions,
  late: string | undefined,
): WavegateError {
  const { code } = options;
  if (late !== undefined) return new WavegateError(code, what + late, { hint: options.hint });
  // A credential that cannot be had says itself what to do.
  if (error instanceof WavegateError)
    return new WavegateError(code, what + error.message, { hint: error.hint, cause: error });
  const status = isRestError(error) ? error.statusCode : undefined;
  // The client's own message can hold the whole request: only its first line is passed on.
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? error.name) : String(error);
  // Not as its cause: the client's error holds the request with its token.
  return new WavegateError(code, `${what}${status === undefined ? "" : `HTTP ${status}: `}${text}`, {
    hint: hintOf(error, options),
  });
}

function hintOf(error: unknown, { setting, hint, forbidden }: BlobContainerOptions): string {
  if (isRestError(error)) {
    if (error.statusCode === 403)
      return forbidden ?? "the identity needs the role Storage Blob Data Contributor on the container";
    if (error.code === "ContainerNotFound")
      return `make the container, or correct \`${setting}\` in the settings`;
    if (error.statusCode !== 401) return hint;
  } else if (!(error instanceof Error && /^(Aggregate)?(Authentication|Credential)/.test(error.name)))
    return hint;
  return `sign in again, or correct the credential of \`${setting.split(".")[0] ?? setting}\` in the settings`;
}
