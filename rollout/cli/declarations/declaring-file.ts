import { readFile, realpath } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import type { RolloutIntent } from "../../model/record.ts";
import { digestOfRelease } from "../../model/release.ts";
import type { Declared } from "../../plan/declared.ts";
import { workTreeOf } from "../repository-guard.ts";

/** A file of the repository. */
export interface RepositoryFile {
  /** From the root of the work tree, with slashes. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** The file that declares exactly the release that was rolled out; undefined: the checkout has none any more. */
export async function declaringFile(
  { releases }: Declared,
  { digest }: Pick<RolloutIntent, "digest">,
  folder: string,
): Promise<RepositoryFile | undefined> {
  const declared = releases.find(({ release }) => digestOfRelease(release) === digest);
  if (declared === undefined) return undefined;
  const file = await realpath(resolve(folder, declared.file));
  const root = (await workTreeOf(file)) ?? (await realpath(folder));
  return { path: relative(root, file).split(sep).join("/"), content: await readFile(file) };
}
