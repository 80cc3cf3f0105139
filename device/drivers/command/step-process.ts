import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { outputReader } from "./step-output.ts";

/** One start of a program. */
export interface StepProcess {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** Its whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Real milliseconds after which its process group is ended. */
  readonly timeoutMs: number;
  /** Real milliseconds between TERM and KILL. */
  readonly killAfterMs: number;
  /** Ends it as its time-out does. */
  readonly signal: AbortSignal;
  /** Each line of its standard output, printable and at most a thousand characters. */
  readonly onLine: (line: string) => void;
}

/** How a program ended. `tail`: the last it said, errors first. */
export type StepEnd =
  | { readonly type: "exited"; readonly code: number; readonly tail: string }
  | { readonly type: "killed"; readonly by: NodeJS.Signals; readonly tail: string }
  | { readonly type: "timedOut"; readonly tail: string }
  /** By its signal. */
  | { readonly type: "stopped" }
  | { readonly type: "notStarted"; readonly reason: string };

/** Real milliseconds for the last words of a program that has ended, when another holds its outputs open. */
const LAST_WORDS_MS = 1_000;

/**
 * Run a program in a process group of its own, and end the whole group when its time is over. What it leaves running in
 * its group ends with it: two installers must never be at work at one time.
 */
export async function runProcess(step: StepProcess): Promise<StepEnd> {
  if (step.signal.aborted) return { type: "stopped" };
  let child: ChildProcessByStdio<null, Readable, Readable>;
  try {
    child = spawn(step.program, step.args, {
      cwd: step.folder,
      env: step.environment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    // Arguments that are too long, for one, are thrown.
    return { type: "notStarted", reason: startFailure(error, step) };
  }
  const out = outputReader(step.onLine);
  const errors = outputReader(() => undefined);
  child.stdout.on("data", (chunk: Uint8Array) => {
    out.add(chunk);
  });
  child.stderr.on("data", (chunk: Uint8Array) => {
    errors.add(chunk);
  });

  const { promise, resolve } = Promise.withResolvers<StepEnd>();
  let cause: "timedOut" | "stopped" | undefined;
  let killer: NodeJS.Timeout | undefined;
  let closer: NodeJS.Timeout | undefined;
  const endGroup = (why: "timedOut" | "stopped"): void => {
    if (cause !== undefined) return;
    cause = why;
    signalGroup(child.pid, "SIGTERM");
    killer = setTimeout(() => {
      signalGroup(child.pid, "SIGKILL");
    }, step.killAfterMs);
  };
  const watchdog = setTimeout(() => {
    endGroup("timedOut");
  }, step.timeoutMs);
  const stop = (): void => {
    endGroup("stopped");
  };
  step.signal.addEventListener("abort", stop, { once: true });

  child.once("error", (error) => {
    // Later errors speak of signals and pipes, not of the start.
    if (child.pid === undefined) resolve({ type: "notStarted", reason: startFailure(error, step) });
  });
  child.once("exit", () => {
    signalGroup(child.pid, "SIGKILL");
    closer = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, LAST_WORDS_MS);
  });
  child.once("close", (code, by) => {
    out.end();
    errors.end();
    const tail = [errors.tail(), out.tail()].filter((text) => text !== "").join(" | ");
    if (cause === "stopped") resolve({ type: "stopped" });
    else if (cause === "timedOut") resolve({ type: "timedOut", tail });
    else if (code !== null) resolve({ type: "exited", code, tail });
    else resolve({ type: "killed", by: by ?? "SIGKILL", tail });
  });
  try {
    return await promise;
  } finally {
    clearTimeout(watchdog);
    clearTimeout(killer);
    clearTimeout(closer);
    step.signal.removeEventListener("abort", stop);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

function startFailure(error: unknown, { program, folder }: StepProcess): string {
  if (!(error instanceof Error)) return `${program} cannot be started: ${String(error)}`;
  const code = "code" in error ? error.code : undefined;
  // Node says ENOENT of a missing folder too.
  if (code === "ENOENT") return `there is no program ${program}, or no folder ${folder}`;
  if (code === "EACCES") return `${program} may not be run: it is not executable`;
  return `${program} cannot be started: ${error.message}`;
}
