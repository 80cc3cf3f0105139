import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { onTestFinished } from "vitest";
import { temporaryDirectory } from "../../device/temporary-directory.ts";
import type { Edit } from "./broken-devices.ts";

const PROJECT = join(import.meta.dirname, "../../..");
/** What the example device is made of. */
const PARTS = ["device", "rollout/model", "local/device-conformance/example-device.ts", "package.json"];

/** The example device with edits, as a program of its own: the command that starts it. */
export async function brokenProgram(
  edits: readonly Edit[],
  onFinished?: typeof onTestFinished,
): Promise<readonly string[]> {
  const folder = await temporaryDirectory(onFinished);
  for (const part of PARTS) {
    await mkdir(join(folder, part, ".."), { recursive: true });
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  for (const { file, find, replace } of edits) {
    const path = join(folder, "device", file);
    const source = await readFile(path, "utf8");
    await writeFile(
      path,
      source.replace(find, () => replace),
    );
  }
  return [process.execPath, join(folder, PARTS[2]!)];
}
