import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isRunning } from "../hub/disk/running-process.ts";

/** The demo's folder, taken for one run. */
export interface ClaimedFolder extends AsyncDisposable {
  readonly folder: string;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,40}$/;

/**
 * Take `.wavegate/NAME` of the project for this run and empty it. Only folders below `.wavegate` are ever emptied, and a
 * demo that still runs in one is not swept away.
 */
export async function claimFolder(project: string, name: string): Promise<ClaimedFolder> {
  if (!NAME.test(name)) throw new Error(`--name takes lower-case letters, digits and dashes, not "${name}"`);
  const parent = join(project, ".wavegate");
  const claim = join(parent, `${name}.process`);
  await mkdir(parent, { recursive: true });
  await takeClaim(claim, name);
  const folder = join(parent, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return { folder, [Symbol.asyncDispose]: () => rm(claim, { force: true }) };
}

/** Whoever creates the file first has the folder; a claim whose process is gone is void. */
async function takeClaim(claim: string, name: string): Promise<void> {
  for (let tries = 0; tries < 2; tries++) {
    try {
      await using file = await open(claim, "wx");
      await file.writeFile(String(process.pid));
      return;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const other = Number(await readFile(claim, "utf8"));
    // An empty claim is being written at this moment.
    if (!(other > 0) || isRunning(other)) {
      const advice = `end it with Ctrl-C (npm start also takes another --name), or, if it is no demo, delete ${claim}`;
      throw new Error(`a demo runs in .wavegate/${name} already (process ${other}): ${advice}`);
    }
    await rm(claim, { force: true });
  }
  throw new Error(`another demo was first to take .wavegate/${name}`);
}
