/** `npm run docs`: write the pages of docs/ that come from the code anew. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generatedPages } from "./docs/pages.ts";

const PROJECT = join(import.meta.dirname, "..");

for (const [path, text] of await generatedPages(PROJECT)) {
  await mkdir(dirname(join(PROJECT, path)), { recursive: true });
  await writeFile(join(PROJECT, path), text);
}
