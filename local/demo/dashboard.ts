import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { stopChild } from "../stop-child.ts";
import { commandEnvironment, PROJECT, WAVEGATE, type Shell } from "./command-line.ts";

/** The dashboard of the demo's hub, in a process of its own. */
export interface DemoDashboard extends AsyncDisposable {
  /** Its address; undefined when it did not start. */
  readonly url: Promise<string | undefined>;
}

/** Start `wavegate dashboard`, read-only, on a port that is free: whoever opens it sees the rollouts as they go. */
export function startDashboard(shell: Pick<Shell, "settings">): DemoDashboard {
  const child = spawn(
    process.execPath,
    [WAVEGATE, "dashboard", "--port", "0", "--end-with-input", "--json"],
    {
      cwd: PROJECT,
      env: commandEnvironment(shell),
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  const url = new Promise<string | undefined>((resolve) => {
    child.once("error", () => {
      resolve(undefined);
    });
    child.once("close", () => {
      resolve(undefined);
    });
    createInterface({ input: child.stdout }).once("line", (line) => {
      resolve(/"url":"([^"]+)"/.exec(line)?.[1]);
    });
  });
  return { url, [Symbol.asyncDispose]: () => stopChild(child) };
}
