import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The program that is a device, running. */
export interface RunningProgram {
  /** Resolves when it is over, with how it ended. */
  readonly ended: Promise<string>;
  /** Take the power away: nothing of its group of processes gets to say another word. */
  readonly kill: () => Promise<void>;
  /** What it wrote last, on either output. */
  readonly lastWords: () => readonly string[];
}

const WORDS_KEPT = 12;
/** Groups that are up; whatever ends this process ends them. */
const groups = new Set<number>();
process.once("exit", () => {
  groups.forEach(killGroup);
});

/** Start a device's program with these variables added to the environment. */
export function startProgram(
  [file = "", ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
): RunningProgram {
  // A group of its own: a device may be a script that starts others, and a power cut spares none of them.
  const child = spawn(file, args, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...variables },
  });
  const words: string[] = [];
  const remember = (line: string): void => {
    words.push(line.slice(0, 300));
    if (words.length > WORDS_KEPT) words.shift();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", remember);
  child.stdin.on("error", () => undefined);
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once("error", (error) => {
    remember(error.message);
    resolve(error.message);
  });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  child.once("exit", (code, signal) => {
    // What it has started goes with it.
    if (pid !== undefined) killGroup(pid);
    resolve(signal ?? `exit code ${String(code)}`);
  });
  return {
    ended,
    lastWords: () => words,
    kill: async () => {
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      killGroup(pid);
      await exited;
    },
  };
}

function killGroup(pid: number): void {
  groups.delete(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody of it is left.
  }
}
