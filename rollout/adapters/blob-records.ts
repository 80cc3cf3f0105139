import { text as textOf } from "node:stream/consumers";
import type { TokenCredential } from "@azure/core-auth";
import type { AppendBlobClient, BlobClient, ContainerClient } from "@azure/storage-blob";
import { ABSENT, blobContainer, EXISTS, expecting } from "./blob-container.ts";
import type { TextFiles } from "./records-in-files.ts";

/** Where records are kept: a container of a blob storage account. */
export interface BlobRecordsOptions {
  /** Address of the container: `https://account.blob.core.windows.net/records`. */
  readonly container: string;
  readonly credential: TokenCredential;
  /** PEM of a certificate authority of one's own, for storage that stands in for Azure's. */
  readonly ca?: string;
  /** Longest time one call takes, its repetitions included, real ms: a silent store must not keep a stop waiting. */
  readonly limitMs?: number;
  /** Size a blob of looks grows to before the next one is begun, in bytes. */
  readonly seriesBytes?: number;
}

/** All the calls of a run, and twice it for a long history, end while the look at the hub is fresh [protocol §3, 4]. */
const LIMIT_MS = 10_000;
const READS_AT_ONCE = 16;
/**
 * The shortest look there can be has 85 bytes, so that the service's limit of 50,000 blocks a blob is never met [Append
 * Block, Remarks].
 */
const SERIES_BYTES = 4_000_000;
/** The other one: it came from a folder, as a blob that is written whole. */
const NO_ROOM = ["MaxBlobSizeConditionNotMet", "InvalidBlobType"];
const JSON_BLOB = { blobHTTPHeaders: { blobContentType: "application/json" } };

/**
 * The files of a record store in Azure blob storage, by token only, under the paths they have in a folder. Blobs are whole
 * or absent; who creates one second is told so, and what is there stands.
 */
export function blobFiles(options: BlobRecordsOptions): TextFiles {
  const { container: url, limitMs = LIMIT_MS, seriesBytes = SERIES_BYTES, ...access } = options;
  const container = blobContainer({
    ...access,
    url,
    setting: "records.container",
    code: "RECORD_STORE_FAILED",
    hint: "check records.container in the settings, and the network; stops work without it",
    // Repeating is safe: all but a look is idempotent, and a look that stands twice counts like one.
    retryOptions: { maxTries: 3, retryDelayInMs: 500 },
    silentLimitMs: limitMs / 5,
  });
  const place = (path: string): string => `${container.url}/${path}`;
  // Which blob of a series still had room.
  const openPart = new Map<string, number>();

  const list = (folder: string): Promise<readonly string[]> =>
    container.call(`listing ${place(folder)}`, limitMs, (client, abortSignal) =>
      namesIn(client, folder, abortSignal),
    );

  return {
    place,
    createOnly: (path, text) =>
      container.call(`writing ${place(path)}`, limitMs, async (client, abortSignal) => {
        const create = { ...JSON_BLOB, abortSignal, conditions: { ifNoneMatch: "*" } };
        await client
          .getBlockBlobClient(path)
          .upload(text, Buffer.byteLength(text), create)
          // Content-addressed or first-wins: what is there already is right.
          .catch(expecting(EXISTS, undefined));
      }),
    replaceIf: (path, text, before) =>
      container.call(`writing ${place(path)}`, limitMs, async (client, abortSignal) => {
        const blob = client.getBlockBlobClient(path);
        const there = await readWithEtag(blob, abortSignal);
        if (there?.text !== before) return;
        const conditions = there === undefined ? { ifNoneMatch: "*" } : { ifMatch: there.etag };
        await blob
          .upload(text, Buffer.byteLength(text), { ...JSON_BLOB, abortSignal, conditions })
          .catch(expecting([...EXISTS, "ConditionNotMet"], undefined));
      }),
    read: (path) =>
      container.call(`reading ${place(path)}`, limitMs, (client, abortSignal) =>
        readBlob(client, path, abortSignal),
      ),
    list,
    readFolder: async (folder) => {
      // A silent store is found out by the short call.
      const names = (await list(folder)).values();
      const texts = new Map<string, string>();
      await container.call(`reading ${place(folder)}`, 2 * limitMs, async (client, abortSignal) => {
        // One iterator for all readers: each takes the next name.
        const reader = async (): Promise<void> => {
          for (const name of names) {
            const text = await readBlob(client, `${folder}/${name}`, abortSignal);
            if (text !== undefined) texts.set(name, text);
          }
        };
        await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
      });
      return texts;
    },
    append: (path, line) =>
      container.call(`appending to ${place(path)}`, limitMs, async (client, abortSignal) => {
        const bytes = Buffer.from(`${line}\n`);
        if (bytes.length > seriesBytes) throw new RangeError(`a look of ${bytes.length} bytes fits no blob`);
        let part = openPart.get(path) ?? 1;
        while (
          !(await appended(client.getAppendBlobClient(partOf(path, part)), bytes, seriesBytes, abortSignal))
        )
          part += 1;
        openPart.set(path, part);
      }),
    readSeries: (path) =>
      container.call(`reading ${place(path)}`, limitMs, async (client, abortSignal) => {
        const parts: string[] = [];
        for (;;) {
          const text = await readBlob(client, partOf(path, parts.length + 1), abortSignal);
          if (text === undefined) return parts.join("\n");
          parts.push(text);
        }
      }),
  };
}

/** Blobs of a series: `name.jsonl`, then `name.2.jsonl` and on. */
function partOf(path: string, part: number): string {
  return part === 1 ? path : path.replace(/\.jsonl$/, `.${part}.jsonl`);
}

/** Append to a blob, which is made when it is absent; false when it takes no more. */
async function appended(
  blob: AppendBlobClient,
  bytes: Buffer,
  maxSize: number,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const append = (): Promise<"done" | "full" | "absent"> =>
    blob
      .appendBlock(bytes, bytes.length, { abortSignal, conditions: { maxSize } })
      .then(() => "done" as const)
      .catch(expecting(NO_ROOM, "full" as const))
      .catch(expecting(ABSENT, "absent" as const));
  let answer = await append();
  if (answer === "absent") {
    const create = {
      abortSignal,
      conditions: { ifNoneMatch: "*" },
      blobHTTPHeaders: { blobContentType: "application/x-ndjson" },
    };
    await blob.create(create).catch(expecting(EXISTS, undefined));
    answer = await append();
  }
  if (answer === "absent") throw new Error("the blob was deleted as soon as it was made");
  return answer === "done";
}

async function readBlob(
  client: ContainerClient,
  path: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  return (await readWithEtag(client.getBlobClient(path), abortSignal))?.text;
}

async function readWithEtag(
  blob: BlobClient,
  abortSignal: AbortSignal,
): Promise<{ readonly text: string; readonly etag: string } | undefined> {
  const answer = await blob.download(0, undefined, { abortSignal }).catch(expecting(ABSENT, undefined));
  if (answer === undefined) return undefined;
  const text = answer.readableStreamBody === undefined ? "" : await textOf(answer.readableStreamBody);
  return { text, etag: answer.etag ?? "" };
}

async function namesIn(
  client: ContainerClient,
  folder: string,
  abortSignal: AbortSignal,
): Promise<readonly string[]> {
  const prefix = `${folder}/`;
  const names: string[] = [];
  for await (const { name } of client.listBlobsFlat({ prefix, abortSignal }))
    names.push(name.slice(prefix.length));
  return names;
}
