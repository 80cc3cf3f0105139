import type { Disk, DiskFile } from "../../device/disk.ts";

/** A disk for devices that nobody restarts: nothing of it outlives the process, and nothing waits for a real one. */
export function memoryDisk(): Disk {
  const files = new Map<string, Uint8Array>();
  const contentOf = (path: string): Uint8Array => {
    const content = files.get(path);
    if (content === undefined) throw new Error(`${path} does not exist`);
    return content;
  };
  const write = (path: string, before: Uint8Array): Promise<DiskFile> => {
    files.set(path, before);
    return Promise.resolve({
      write(chunk) {
        files.set(path, Buffer.concat([contentOf(path), chunk]));
        return Promise.resolve();
      },
      sync: () => Promise.resolve(),
      finish: () => Promise.resolve(),
      abandon: () => Promise.resolve(),
    });
  };
  return {
    read: (path) => Promise.resolve(files.get(path)),
    create: (path) => write(path, new Uint8Array()),
    extend: (path, bytes) => write(path, contentOf(path).subarray(0, bytes)),
    rename(from, to) {
      files.set(to, contentOf(from));
      files.delete(from);
      return Promise.resolve();
    },
  };
}
