import { randomBytes } from "node:crypto";
import { appendFile, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { canonicalJson, digestOf, parseDigest, type Digest } from "../model/digest.ts";
import { WavegateError } from "../model/problem.ts";
import { isTombstoneName, tombstoneName } from "../model/stop.ts";
import { lookSchema, recordSchema } from "./record-schema.ts";
import type { RecordPort } from "../reconcile/ports.ts";

/**
 * Records in a folder: one file a record, named by its digest and never changed. Files are whole or absent: they are
 * written beside their place and linked into it, which fails when somebody was first.
 */
export function folderRecords(root: string): RecordPort {
  const recordPath = (product: string, digest: Digest): string =>
    join(root, "records", product, `${digest}.json`);
  const markPath = (product: string, hub: string): string => join(root, "taken", product, `${hub}.json`);
  const tombstoneFolder = (product: string): string => join(root, "terminal", product);
  const looksPath = (product: string, attempt: string): string =>
    join(root, "looks", product, `${attempt}.jsonl`);
  // Records never change, so what was read once stays read.
  const known = new Map<Digest, Awaited<ReturnType<RecordPort["getRecord"]>>>();

  return {
    putRecord: async (record) => {
      // What could not be read back must never be named by a ref.
      recordSchema.parse(record);
      const digest = digestOf(record);
      await createOnly(recordPath(record.product, digest), canonicalJson(record));
      return digest;
    },
    getRecord: async (product, digest) => {
      const cached = known.get(digest);
      if (cached !== undefined) return cached;
      const path = recordPath(product, digest);
      const text = await readIfThere(path);
      if (text === undefined) return undefined;
      const parsed = recordSchema.safeParse(jsonOf(text));
      if (!parsed.success || digestOf(parsed.data) !== digest) {
        throw new WavegateError("RECORD_BROKEN", `${path} does not hold the record its name says`, {
          hint: "restore the file from a backup; wavegate only stops things until then",
        });
      }
      known.set(digest, parsed.data);
      return parsed.data;
    },
    markTaken: async (product, hub, head) => {
      await replaceWhole(markPath(product, hub), canonicalJson({ schemaVersion: 1, head }));
    },
    takenMark: async (product, hub) => {
      const text = await readIfThere(markPath(product, hub));
      if (text === undefined) return undefined;
      const value = jsonOf(text);
      const head =
        typeof value === "object" && value !== null && "head" in value && typeof value.head === "string"
          ? value.head
          : undefined;
      const digest = parseDigest(head);
      if (digest === undefined)
        throw new WavegateError("STORE_FORMAT", `${markPath(product, hub)} is no mark`, {
          hint: "restore it from a backup",
        });
      return digest;
    },
    putTombstone: async (product, stop) => {
      const name = tombstoneName(stop);
      // A label that somebody else wrote names no release: there is nothing to bury.
      if (name !== undefined)
        await createOnly(
          join(tombstoneFolder(product), `${name}.json`),
          canonicalJson({ schemaVersion: 1, ...stop }),
        );
    },
    tombstones: async (product) => {
      const names = await trouble(
        tombstoneFolder(product),
        async () => readdir(tombstoneFolder(product)),
        [],
      );
      return new Set(names.map((name) => name.replace(/\.json$/, "")).filter(isTombstoneName));
    },
    appendLook: async (product, attempt, look) => {
      const path = looksPath(product, attempt);
      await trouble(path, async () => {
        await mkdir(dirname(path), { recursive: true });
        await appendFile(path, `${canonicalJson({ schemaVersion: 1, ...look })}\n`);
      });
    },
    looks: async (product, attempt) => {
      const text = (await readIfThere(looksPath(product, attempt))) ?? "";
      // A line that a crash cut short is a lost look: it costs power, never validity.
      return text.split("\n").flatMap((line) => {
        const parsed = lookSchema.safeParse(jsonOf(line));
        return parsed.success ? [parsed.data] : [];
      });
    },
  };
}

async function createOnly(path: string, text: string): Promise<void> {
  await trouble(path, async () => {
    const beside = await writeBeside(path, text);
    try {
      await link(beside, path);
      await syncFolder(dirname(path));
    } catch (error) {
      // Content-addressed or first-wins: what is there already is right.
      if (codeOf(error) !== "EEXIST") throw error;
    } finally {
      await rm(beside, { force: true });
    }
  });
}

async function replaceWhole(path: string, text: string): Promise<void> {
  await trouble(path, async () => {
    await rename(await writeBeside(path, text), path);
    await syncFolder(dirname(path));
  });
}

async function writeBeside(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(beside, text, { flag: "wx" });
  const file = await open(beside, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return beside;
}

/** A name is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

async function readIfThere(path: string): Promise<string | undefined> {
  return trouble<string | undefined>(path, async () => readFile(path, "utf8"), undefined);
}

/** Absent reads as `absent`; any other trouble of the disk is the store not answering. */
async function trouble<T>(path: string, run: () => Promise<T>, ...absent: [T] | []): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WavegateError) throw error;
    if (codeOf(error) === "ENOENT" && absent.length === 1) return absent[0];
    throw new WavegateError(
      "RECORD_STORE_FAILED",
      `${path}: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: "check the records folder in the settings; stops work without it",
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
