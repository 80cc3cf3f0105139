import { basename } from "node:path";
import type { Disk, DiskFile } from "../../../device/disk.ts";

/** How much of what no fsync has covered the power takes with it. */
export const LOSSES = ["nothing", "half", "all"] as const;
/** One of them. */
export type Loss = (typeof LOSSES)[number];

/** A disk whose power goes. */
export interface PowerCutDisk extends Disk {
  /** Operations that change something, so far, by what they do and to which file. */
  readonly operations: readonly string[];
  /** Resolves when the power has gone. */
  readonly cut: Promise<undefined>;
}

/** When the power goes, and what then. */
export interface PowerCut {
  readonly disk: Disk;
  /** Number of the operation during which it goes, the first is 0; Infinity: never. */
  readonly at: number;
  /**
   * `nothing`: the process is killed before the operation; `half`: the operation is done by half (a rename wholly) and
   * half of what was not synchronised is there; `all`: it is not done, and nothing that was not synchronised is.
   */
  readonly loss: Loss;
  /** Called when all is as the power cut leaves it. */
  readonly onCut?: () => void;
}

/**
 * A disk that loses its power during one operation. From then on no call comes back, as none does on a device without
 * power: whoever waits for one waits for ever.
 */
export function powerCutDisk({ disk, at, loss, onCut }: PowerCut): PowerCutDisk {
  const operations: string[] = [];
  const { promise: cut, resolve } = Promise.withResolvers<undefined>();
  const never = new Promise<never>(() => undefined);
  /** Bytes of each file, and how many of them are safe. */
  const unsafe = new Map<string, { synced: number; written: number }>();
  const open = new Set<DiskFile>();
  let dead = false;

  /** One at a time: none is under way when the power goes, to be done on the next device's disk. */
  let queue: Promise<unknown> = Promise.resolve();
  function change<T>(name: string, act: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    const changed = queue.then(() => changeNow(name, act, half));
    queue = changed.catch(() => undefined);
    return changed;
  }

  async function changeNow<T>(
    name: string,
    act: () => Promise<T>,
    half?: () => Promise<unknown>,
  ): Promise<T> {
    if (dead) return never;
    const number = operations.push(name) - 1;
    if (number !== at) return act();
    dead = true;
    if (loss === "half") await half?.();
    for (const file of open) await file.abandon();
    if (loss !== "nothing") await tear();
    onCut?.();
    resolve(undefined);
    return never;
  }

  async function tear(): Promise<void> {
    for (const [path, { synced, written }] of unsafe) {
      const left = loss === "all" ? synced : synced + Math.floor((written - synced) / 2);
      if ((await disk.read(path)) !== undefined) await (await disk.extend(path, left)).finish();
    }
  }

  function track(path: string, file: DiskFile, from: number): DiskFile {
    const extent = { synced: from, written: from };
    unsafe.set(path, extent);
    open.add(file);
    const name = basename(path);
    const put = async (chunk: Uint8Array): Promise<void> => {
      await file.write(chunk);
      extent.written += chunk.length;
    };
    return {
      write: (chunk) =>
        change(
          `write ${name}`,
          () => put(chunk),
          // It tears with the rest of what is not safe.
          () => put(chunk),
        ),
      sync: () =>
        change(`sync ${name}`, async () => {
          await file.sync();
          extent.synced = extent.written;
        }),
      finish: () =>
        change(`sync ${name}`, async () => {
          open.delete(file);
          await file.finish();
          unsafe.delete(path);
        }),
      // To close a file makes nothing safe.
      async abandon() {
        if (dead) return never;
        open.delete(file);
        return file.abandon();
      },
    };
  }

  return {
    operations,
    cut,
    read: (path) => (dead ? never : disk.read(path)),
    create: (path) =>
      change(
        `create ${basename(path)}`,
        async () => track(path, await disk.create(path), 0),
        async () => track(path, await disk.create(path), 0),
      ),
    extend: (path, bytes) =>
      change(`extend ${basename(path)}`, async () => track(path, await disk.extend(path, bytes), bytes)),
    rename: (from, to) =>
      change(
        `rename ${basename(from)}`,
        async () => {
          await disk.rename(from, to);
          move(from, to);
        },
        async () => {
          await disk.rename(from, to);
          move(from, to);
        },
      ),
  };

  function move(from: string, to: string): void {
    const extent = unsafe.get(from);
    unsafe.delete(from);
    unsafe.delete(to);
    if (extent !== undefined) unsafe.set(to, extent);
  }
}
