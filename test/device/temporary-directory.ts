import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory that goes with the test; tests side by side give the `onFinished` of their own context. */
export async function temporaryDirectory(
  onFinished: typeof onTestFinished = onTestFinished,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "wavegate-device-"));
  onFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
