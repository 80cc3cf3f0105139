import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A folder that only this process uses, until it is let go. */
export interface FolderLock extends Disposable {
  readonly path: string;
}

/** Take a folder for this process; a lock that a process left behind when it was killed is taken over. */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, "lock");
  const owner = ownerOf(path);
  if (owner !== undefined && isRunning(owner)) {
    throw new Error(
      `${folder} is in use by process ${owner}: stop that hub or choose another folder (if it is no hub, remove ${path})`,
    );
  }
  rmSync(path, { force: true });
  // Fails when another process was quicker.
  writeFileSync(path, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { force: true });
    },
  };
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined; // no lock
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
