import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";

/** Beside `rollout/`, in the repository as in the package. */
const TEMPLATES = join(import.meta.dirname, "..", "..", "..", "templates");

/** Where the templates of a folder belong; of the others their own name is the place. */
const PLACES: Readonly<Record<string, string>> = { github: ".github/workflows" };

/** The pipelines that come with wavegate, as they are, by the paths they are to have. */
export async function shippedTemplates(): Promise<ReadonlyMap<string, string>> {
  if (!existsSync(TEMPLATES)) return new Map();
  const entries = await readdir(TEMPLATES, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return new Map(
    await Promise.all(
      files.sort().map(async (file): Promise<[string, string]> => {
        const [folder = "", ...rest] = file.slice(TEMPLATES.length + 1).split(sep);
        return [[PLACES[folder] ?? folder, ...rest].join("/"), await readFile(file, "utf8")];
      }),
    ),
  );
}
