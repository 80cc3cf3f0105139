import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const WAVEGATE = join(import.meta.dirname, "..", "..", "scripts", "wavegate.mjs");

/** How one command ended. */
export interface Ended {
  /** Exit code; undefined when it was killed. */
  readonly code: number | undefined;
  /** Its result, as it printed it. */
  readonly output: string;
}

/**
 * Run the real command line in a process of its own, as a user would. Its progress goes to our standard error, as it
 * comes; its result is returned.
 */
export async function wavegate(args: readonly string[], signal: AbortSignal): Promise<Ended> {
  const child = spawn(process.execPath, [WAVEGATE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  // On a terminal Ctrl-C reaches the child too; elsewhere it is passed on.
  const interrupt = (): void => {
    child.kill("SIGINT");
  };
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    const [output, code] = await Promise.all([
      text(child.stdout),
      new Promise<number | undefined>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (exitCode) => {
          resolve(exitCode ?? undefined);
        });
      }),
    ]);
    return { code, output: output.trimEnd() };
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}
