import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";

/** Beside `rollout/`, in the repository as in the package; those of other hosts are copied by hand. */
const TEMPLATES = join(import.meta.dirname, "..", "..", "..", "templates", "github");

/** GitHub's pipelines as they come with wavegate, by the paths they are to have. */
export async function shippedTemplates(): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(TEMPLATES, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(
      files.sort().map(async (file): Promise<[string, string]> => {
        const path = file.slice(TEMPLATES.length + 1).split(sep);
        return [[".github", ...path].join("/"), await readFile(file, "utf8")];
      }),
    ),
  );
}
