import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";

/** A clone that a person works in. */
export interface WorkTree {
  readonly folder: string;
  /** Run git there. */
  git(...args: readonly string[]): string;
  /** Commit all that is there, and push the branch that is checked out; its commit. */
  push(message: string): string;
}

/** Make a bare repository whose default branch is `main`, and a clone of it. */
export async function emptyRepository(bare: string, folder: string): Promise<WorkTree> {
  await mkdir(bare, { recursive: true });
  await mkdir(folder, { recursive: true });
  const run = (at: string, args: readonly string[]): string =>
    execFileSync("git", ["-C", at, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  run(bare, ["init", "--quiet", "--bare", "--initial-branch=main"]);
  run(folder, ["init", "--quiet", "--initial-branch=main"]);
  run(folder, ["remote", "add", "origin", bare]);
  const git: WorkTree["git"] = (...args) => run(folder, args);
  git("config", "user.name", "Ada");
  git("config", "user.email", "ada@example.invalid");
  return {
    folder,
    git,
    push: (message) => {
      git("add", "--all");
      git("commit", "--quiet", "--message", message);
      git("push", "--quiet", "origin", "HEAD");
      return git("rev-parse", "HEAD");
    },
  };
}
