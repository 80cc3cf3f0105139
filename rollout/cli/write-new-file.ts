import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WavegateError } from "../model/problem.ts";

/** Write a file that must not be there yet, with its folder. */
export async function writeNewFile(
  file: string,
  text: string,
  { shown, hint }: { readonly shown: string; readonly hint: string },
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw new WavegateError(
      "BAD_OPTION",
      isThere ? `${shown} exists already` : `${shown} cannot be written`,
      {
        hint: isThere ? hint : "check the folders of `declarations` in the settings",
        cause: error,
      },
    );
  }
}
