import { writeFile } from "node:fs/promises";
import { WavegateError } from "../model/problem.ts";

/** Write a file that somebody named; one that is there is replaced. */
export async function writeWhole(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WavegateError("BAD_OPTION", `${file} cannot be written: ${why}`, {
      hint: "name another file: --out FILE",
      cause: error,
    });
  }
}
