import { readFile, stat } from "node:fs/promises";
import { WavegateError } from "../../model/problem.ts";
import { isLayer } from "./settings-layers.ts";

/** Refuse a file that holds a key of a hub while group or others may read it. */
export async function refuseSharedKey(
  file: string,
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const hasKey = (name: string): boolean => {
    const section = isLayer(value) ? value[name] : undefined;
    const sections: readonly unknown[] = Array.isArray(section) ? section : [section];
    return sections.some((one) => isLayer(one) && one["connectionString"] !== undefined);
  };
  const isReplaced = environment["WAVEGATE_HUB_CONNECTION_STRING"] !== undefined;
  if (!hasKey("identities") && !hasKey("otherHubs") && (isReplaced || !hasKey("hub"))) return;
  if (((await stat(file)).mode & 0o077) === 0) return;
  throw new WavegateError("SETTINGS_INVALID", `${file} holds a key and others may read it`, {
    hint: `run: chmod 600 ${file}`,
  });
}

/** The first of some files that is there; one that cannot be read is trouble, and never passed over for the next. */
export async function firstThere(
  files: readonly string[],
): Promise<{ readonly file: string; readonly text: string } | undefined> {
  for (const file of files) {
    try {
      return { file, text: await readFile(file, "utf8") };
    } catch (error) {
      if (isAbsent(error)) continue;
      throw new WavegateError("SETTINGS_INVALID", `${file} cannot be read: ${messageOf(error)}`, {
        hint: "make it readable for you, or name another file: --settings FILE",
        cause: error,
      });
    }
  }
  return undefined;
}

/** What a settings file says, as JSON; it is not checked. */
export function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new WavegateError("SETTINGS_INVALID", `${file} is not JSON: ${messageOf(error)}`, {
      hint: "correct it and run the command again",
    });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
