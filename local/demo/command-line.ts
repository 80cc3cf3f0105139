import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** The project, where a user would type. */
export const PROJECT = join(import.meta.dirname, "..", "..");
const WAVEGATE = join(PROJECT, "scripts", "wavegate.mjs");

/** How one command ended. */
export interface Ended {
  /** Exit code; undefined when it was killed. */
  readonly code: number | undefined;
  /** Its result, as it printed it. */
  readonly output: string;
}

/** Where and how commands run. */
export interface Shell {
  /** Ends the command as Ctrl-C would. */
  readonly signal: AbortSignal;
  /** Settings file, when it does not stand where the command line looks by itself. */
  readonly settings: string | undefined;
}

/**
 * Run the real command line in a process of its own, as a user would. Its progress goes to our standard error, as it
 * comes; its result is returned.
 */
export async function wavegate(
  args: readonly string[],
  { signal, settings }: Shell,
  onStart?: (pid: number) => void,
): Promise<Ended> {
  const environment = settings === undefined ? {} : { WAVEGATE_SETTINGS: settings };
  const child = spawn(process.execPath, [WAVEGATE, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.pid !== undefined) onStart?.(child.pid);
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
