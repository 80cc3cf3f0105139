import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Take a folder for this run and empty it; another demo that still runs in it is not swept away. */
export async function claimFolder(folder: string): Promise<void> {
  const claim = join(folder, "process");
  const other = Number(await readFile(claim, "utf8").catch(() => ""));
  if (other > 0 && other !== process.pid && isRunning(other)) {
    throw new Error(
      `a demo runs in ${folder} already (process ${other}): end it with Ctrl-C, or choose another --folder`,
    );
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(claim, String(process.pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
