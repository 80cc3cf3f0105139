import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./running-process.ts";

/** A folder that only this process uses, until it is let go. */
export interface FolderLock extends Disposable {
  readonly path: string;
}

/** Take a folder for this process; a lock that a process left behind when it was killed is taken over. */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, "lock");
  const owner = ownerOf(path);
  if (owner !== undefined && isInUse(owner)) {
    throw new Error(
      `${folder} is in use by process ${owner.pid}: stop that hub or choose another folder (if it is no hub, remove ${path})`,
    );
  }
  rmSync(path, { force: true });
  // Fails when another process was quicker.
  writeFileSync(path, `${process.pid} ${startOf(process.pid) ?? ""}\n`, { flag: "wx", mode: 0o600 });
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { force: true });
    },
  };
}

interface Owner {
  readonly pid: number;
  /** When it started; undefined where the system does not say. */
  readonly start: string | undefined;
}

function ownerOf(path: string): Owner | undefined {
  try {
    const [pid, start] = readFileSync(path, "utf8").trim().split(" ");
    return /^[1-9]\d*$/u.test(pid ?? "") ? { pid: Number(pid), start } : undefined;
  } catch {
    return undefined; // no lock
  }
}

function isInUse({ pid, start }: Owner): boolean {
  const running = startOf(pid);
  // The number of a killed process is soon another's, in a container perhaps this one's.
  if (start !== undefined && running !== undefined && start !== running) return false;
  return isRunning(pid);
}

/** When a process started, in ticks since the system did: field 22 of its stat, the second is a name in parentheses. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // no Linux, or no such process
  }
}
