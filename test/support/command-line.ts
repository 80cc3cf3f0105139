import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The project's root. */
export const PROJECT = join(import.meta.dirname, "..", "..");

/** A process whose lines are kept, and can be waited for. */
export interface Talking {
  readonly lines: readonly string[];
  /** The next line, of those not looked at yet, that matches; rejects when the process ends without one. */
  until(pattern: RegExp): Promise<string>;
  /** Exit code; undefined when it was killed. */
  readonly ended: Promise<number | undefined>;
  /** Ctrl-C. */
  interrupt(): void;
}

/** Start a program of the project; standard output and standard error are read as one. */
export function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  folder = PROJECT,
): Talking {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  let looked = 0;
  let wake: () => void = () => undefined;
  let over = false;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      wake();
    });
  }
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      over = true;
      wake();
      resolve(code ?? undefined);
    });
  });
  return {
    lines,
    ended,
    interrupt: () => void child.kill("SIGINT"),
    until: async (pattern) => {
      for (;;) {
        while (looked < lines.length) {
          const line = lines[looked++] ?? "";
          if (pattern.test(line)) return line;
        }
        if (over) throw new Error(`ended without ${String(pattern)}:\n${lines.join("\n")}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Run the command line to its end. */
export async function wavegate(
  args: readonly string[],
  settings: string,
): Promise<{ readonly code: number | undefined; readonly lines: readonly string[] }> {
  const running = start(["scripts/wavegate.mjs", ...args], { WAVEGATE_SETTINGS: settings });
  return { code: await running.ended, lines: running.lines };
}
