import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";

const REPOSITORY = join(import.meta.dirname, "..", "..");

/** How a command ended and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project of its own with the real set-up scripts, in a folder that goes away. */
export interface ProjectCopy extends AsyncDisposable {
  readonly folder: string;
  write(path: string, content: string): Promise<void>;
  /** Put the Node of this test where the package `node` has its program. */
  linkNode(): Promise<void>;
  start(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended>;
}

/** Copy the set-up scripts and the named files of the repository into a new project. */
export async function copyProject(...paths: readonly string[]): Promise<ProjectCopy> {
  const folder = await mkdtemp(join(tmpdir(), "wavegate-scripts-"));
  // The other scripts are tools that lean on more of the repository.
  const filter = (path: string): boolean =>
    !path.endsWith(".ts") || !path.startsWith(join(REPOSITORY, "scripts"));
  for (const path of ["scripts", ...paths]) {
    await cp(join(REPOSITORY, path), join(folder, path), { recursive: true, filter });
  }
  const start: ProjectCopy["start"] = (command, args, env = {}) =>
    spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  return {
    folder,
    async write(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
    async linkNode() {
      const bin = join(folder, "node_modules", "node", "bin");
      await mkdir(bin, { recursive: true });
      await symlink(process.execPath, join(bin, "node"));
    },
    start,
    async run(command, args, env) {
      return endOf(start(command, args, env));
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

/** Wait for a command's end and collect its words. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const code = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (child.stdout === null || child.stderr === null)
    throw new TypeError("the command was started without pipes");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
