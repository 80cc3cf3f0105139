import { readFile } from "node:fs/promises";
import { WavegateError } from "../model/problem.ts";

/** A certificate that a settings file names. */
export async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new WavegateError("SETTINGS_INVALID", `the certificate ${file} cannot be read`, {
      hint: "is the local hub still running? start it with `npm start`",
      cause: error,
    });
  }
}
