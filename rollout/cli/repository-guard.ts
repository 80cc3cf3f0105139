import { execFile } from "node:child_process";
import { access, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { WavegateError } from "../model/problem.ts";

/** Refuse a file that a git work tree would take up: what was committed once cannot be taken back. */
export async function refuseCommittable(folder: string, name: string): Promise<void> {
  const real = await realpath(folder);
  const tree = await workTreeOf(real);
  if (tree === undefined || (await isIgnored(real, name))) return;
  throw new WavegateError("KEY_EXPOSED", `${join(folder, name)} would lie in the git work tree ${tree}`, {
    hint: "choose a folder outside: --out ~/.config/wavegate, or have .gitignore name it",
  });
}

/** The work tree that a folder is in; undefined: none. */
export async function workTreeOf(folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    // A folder, or in linked work trees and submodules a file.
    const isTree = await access(join(at, ".git")).then(
      () => true,
      () => false,
    );
    if (isTree) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** Asked of git itself; where git cannot answer, nothing is taken for ignored. */
async function isIgnored(folder: string, name: string): Promise<boolean> {
  return promisify(execFile)("git", ["-C", folder, "check-ignore", "--quiet", name]).then(
    () => true,
    () => false,
  );
}
