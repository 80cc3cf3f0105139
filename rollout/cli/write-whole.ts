import { lstat, rename, rm, writeFile } from "node:fs/promises";
import { WavegateError } from "../model/problem.ts";

/** Write a file that an option named, whole or not at all; one that is there is replaced. */
export async function writeWhole(file: string, text: string, option = "--out"): Promise<void> {
  const beside = `${file}.${process.pid}.part`;
  try {
    const there = await lstat(file).catch(() => undefined);
    // What is no file of its own (a link, /dev/stdout) stays what it is.
    if (there !== undefined && !there.isFile()) {
      await writeFile(file, text);
      return;
    }
    await writeFile(beside, text, there === undefined ? {} : { mode: there.mode });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new WavegateError("BAD_OPTION", `${file} cannot be written: ${why}`, {
      hint: `name a file in a folder that exists: ${option} FILE`,
      cause: error,
    });
  }
}
