import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";

/** A bare repository of real git, read and written by its plumbing. */
export interface GitRepository {
  readonly folder: string;
  git(args: readonly string[], input?: string): string;
  /** Object name of a ref; undefined: there is none. */
  refName(ref: string): string | undefined;
  /** Object names by ref, of refs that begin so. */
  refs(prefix: string): readonly (readonly [ref: string, name: string])[];
  /** Make a ref, if it is not there: git itself tells. */
  createRef(ref: string, name: string): boolean;
  /** Name of what a path is in a commit; undefined: it has no such path. */
  objectAt(commit: string, path: string): string | undefined;
  /** A tree like another one, with entries changed; a `null` name removes one. */
  createTree(
    base: string,
    entries: readonly { readonly path: string; readonly mode: string; readonly sha: string | null }[],
  ): string;
  createCommit(commit: {
    readonly message: string;
    readonly tree: string;
    readonly parents: readonly string[];
  }): string;
  createTag(tag: {
    readonly tag: string;
    readonly message: string;
    readonly object: string;
    readonly type: string;
  }): string;
}

const AUTHOR = { name: "bot", email: "bot@example.invalid" };

/** Open a bare repository. */
export function gitRepository(folder: string): GitRepository {
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
  };
  const git: GitRepository["git"] = (args, input) =>
    execFileSync("git", ["--git-dir", folder, ...args], {
      env,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
      ...(input === undefined ? {} : { input }),
    }).trimEnd();
  const attempt = (args: readonly string[]): string | undefined => {
    try {
      return git(args);
    } catch {
      return undefined;
    }
  };
  const objectAt = (commit: string, path: string): string | undefined =>
    attempt(["rev-parse", "--verify", `${commit}:${path}`]);
  return {
    folder,
    git,
    refName: (ref) => attempt(["rev-parse", "--verify", ref]),
    refs: (prefix) =>
      git(["for-each-ref", "--format=%(refname) %(objectname)"])
        .split("\n")
        .filter((line) => line.startsWith(prefix))
        .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
    createRef: (ref, name) => attempt(["update-ref", ref, name, "0".repeat(40)]) !== undefined,
    objectAt,
    createTree: (base, entries) => {
      const files = new Map(
        git(["ls-tree", "-r", base])
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => [line.slice(line.indexOf("\t") + 1), line]),
      );
      for (const { path, mode, sha } of entries) {
        if (sha === null) files.delete(path);
        else files.set(path, `${mode} blob ${sha}\t${path}`);
      }
      // An index of its own: trees of folders follow from their files.
      const index = {
        ...env,
        GIT_INDEX_FILE: `${folder}/index-${createHash("sha1")
          .update([...files.values()].join())
          .digest("hex")}`,
      };
      const run = (args: readonly string[], input: string): string =>
        execFileSync("git", ["--git-dir", folder, ...args], { env: index, encoding: "utf8", input }).trim();
      run(["read-tree", "--empty"], "");
      run(["update-index", "--index-info"], [...files.values()].map((line) => `${line}\n`).join(""));
      return run(["write-tree"], "");
    },
    createCommit: ({ message, tree, parents }) =>
      git(["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-m", message]),
    createTag: ({ tag, message, object, type }) =>
      git(
        ["mktag"],
        `object ${object}\ntype ${type}\ntag ${tag}\ntagger ${AUTHOR.name} <${AUTHOR.email}> 1767225600 +0000\n\n${message.trimEnd()}\n`,
      ),
  };
}
