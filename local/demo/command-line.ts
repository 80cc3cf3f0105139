import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** The project. */
export const PROJECT = join(import.meta.dirname, "..", "..");
/** The command line, as a program. */
export const WAVEGATE = join(PROJECT, "scripts", "wavegate.mjs");

/** Where and how commands run. */
export interface Shell {
  /** Ends the command as Ctrl-C would; its reason is the signal's name. */
  readonly signal: AbortSignal;
  /** The settings file: a project's production settings must never be found in its place. */
  readonly settings: string;
  /** Where a user would type; default: the project. */
  readonly folder?: string;
}

/** How one command ended. */
export interface Ended {
  /** Exit code; undefined when it was killed. */
  readonly code: number | undefined;
  /** Its result, as it printed it. */
  readonly output: string;
}

/**
 * Run the real command line in a process of its own, as a user would. Its progress goes to our standard error, as it
 * comes; its result is returned. Rejects when we were interrupted.
 */
export async function wavegate(
  args: readonly string[],
  { signal, settings, folder = PROJECT }: Shell,
  onStart?: (pid: number) => void,
): Promise<Ended> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [WAVEGATE, ...args], {
    cwd: folder,
    env: commandEnvironment({ settings }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  const interrupt = (): void => {
    // On a terminal Ctrl-C has reached the child already, and a second one would kill it.
    if (signal.reason !== "SIGINT" || !process.stdout.isTTY) child.kill("SIGTERM");
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
    signal.throwIfAborted();
    return { code, output: output.trimEnd() };
  } finally {
    signal.removeEventListener("abort", interrupt);
  }
}

/** What a command of the demo is started with: a hub that is named in the user's environment is not the demo's. */
export function commandEnvironment({ settings }: Pick<Shell, "settings">): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, WAVEGATE_SETTINGS: settings };
  delete environment["WAVEGATE_HUB_CONNECTION_STRING"];
  return environment;
}
