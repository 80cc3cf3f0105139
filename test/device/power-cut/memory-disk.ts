import type { Disk, DiskFile } from "../../../device/disk.ts";

/** A disk that is fast and forgets nothing; a power-cut disk around it does the forgetting. */
export function memoryDisk(): Disk {
  const files = new Map<string, Uint8Array>();
  const writer = (path: string, before: Uint8Array): DiskFile => {
    let content = before;
    files.set(path, content);
    return {
      write(chunk) {
        content = Buffer.concat([content, chunk]);
        files.set(path, content);
        return Promise.resolve();
      },
      sync: () => Promise.resolve(),
      finish: () => Promise.resolve(),
      abandon: () => Promise.resolve(),
    };
  };
  const contentOf = (path: string): Uint8Array => {
    const content = files.get(path);
    if (content === undefined) throw new Error(`${path} does not exist`);
    return content;
  };
  return {
    read: (path) => Promise.resolve(files.get(path)),
    create: (path) => Promise.resolve(writer(path, new Uint8Array())),
    extend: (path, bytes) => Promise.resolve(writer(path, contentOf(path).subarray(0, bytes))),
    rename(from, to) {
      files.set(to, contentOf(from));
      files.delete(from);
      return Promise.resolve();
    },
  };
}
