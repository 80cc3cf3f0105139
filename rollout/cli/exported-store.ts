import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { readExport } from "../adapters/export-file.ts";
import { WavegateError } from "../model/problem.ts";
import type { StoreContents } from "../model/store-contents.ts";

/** The store that `wavegate export` wrote to a file; `command` is repeated in the hint. */
export async function exportedStore(file: string, folder: string, command: string): Promise<StoreContents> {
  let text: string;
  try {
    text = await readFile(resolve(folder, file), "utf8");
  } catch (error) {
    throw new WavegateError("BAD_OPTION", `${file} cannot be read`, {
      hint: `${command} --file FILE`,
      cause: error,
    });
  }
  return readExport(text, file);
}
