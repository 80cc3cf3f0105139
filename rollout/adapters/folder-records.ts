import { randomBytes } from "node:crypto";
import { appendFile, link, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { WavegateError } from "../model/problem.ts";
import type { RecordPort } from "../reconcile/ports.ts";
import { recordsIn, type TextFiles } from "./records-in-files.ts";

/** Records in a folder of this machine. */
export function folderRecords(root: string): RecordPort {
  return recordsIn(folderFiles(root));
}

/**
 * The files of a record store in a folder of this machine. They are whole or absent: written beside their place and linked
 * into it, which fails when somebody was first.
 */
export function folderFiles(root: string): TextFiles {
  const at = (path: string): string => join(root, path);
  return {
    place: at,
    createOnly: (path, text) => createOnly(at(path), text),
    replaceIf: async (path, text, before) => {
      // One machine: nothing that was sent earlier can arrive between these two.
      if ((await readIfThere(at(path))) === before) await replaceWhole(at(path), text);
    },
    read: (path) => readIfThere(at(path)),
    list: (folder) => trouble<readonly string[]>(at(folder), () => readdir(at(folder)), []),
    append: (path, line) =>
      trouble(at(path), async () => {
        await mkdir(dirname(at(path)), { recursive: true });
        await appendFile(at(path), `${line}\n`);
      }),
    readSeries: async (path) => (await readIfThere(at(path))) ?? "",
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
