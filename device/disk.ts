import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** The few things a device asks of its disk; power-cut tests put a failing one in its place. */
export interface Disk {
  /** Content of a file; absent when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Begin a file from nothing; an earlier one of that name is lost. */
  create(path: string): Promise<DiskFile>;
  /** Go on with a file behind its first bytes; what stood behind them is lost. */
  extend(path: string, bytes: number): Promise<DiskFile>;
  /** Put a file in another's place, all or nothing, and make that survive a power cut. */
  rename(from: string, to: string): Promise<void>;
}

/** A file being written. */
export interface DiskFile {
  /** Write behind what was written before. */
  write(chunk: Uint8Array): Promise<void>;
  /** Wait until what was written survives a power cut, and go on. */
  sync(): Promise<void>;
  /** Wait until what was written survives a power cut, and close. */
  finish(): Promise<void>;
  /** Close without waiting; the content is worth nothing. */
  abandon(): Promise<void>;
}

/** The machine's file system. */
export const systemDisk: Disk = {
  async read(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async create(path) {
    await mkdir(dirname(path), { recursive: true });
    return diskFile(await open(path, "w", 0o600));
  },
  async extend(path, bytes) {
    const file = await open(path, "r+");
    await file.truncate(bytes);
    return diskFile(file, bytes);
  },
  async rename(from, to) {
    await rename(from, to);
    // POSIX: the new name itself is safe only when the directory has been synchronised.
    const directory = await open(dirname(to), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

function diskFile(file: FileHandle, from = 0): DiskFile {
  let position = from;
  return {
    async write(chunk) {
      // One call may write less than it was given.
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position);
        done += bytesWritten;
        position += bytesWritten;
      }
    },
    sync: () => file.sync(),
    async finish() {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
    abandon: () => file.close(),
  };
}

/** Replace a file's content so that a power cut leaves the old content or the new, never a part. */
export async function writeDurably(disk: Disk, path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.new`;
  const file = await disk.create(draft);
  try {
    await file.write(content);
  } catch (error) {
    await file.abandon();
    throw error;
  }
  await file.finish();
  await disk.rename(draft, path);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
