import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** For Node's `--import`: a program that would outlive a killed parent ends with its standard input, which keeps none alive. */
export const END_WITH_STDIN =
  'data:text/javascript,process.stdin.resume().once("close",()=>process.exit()).unref()';
const GRACE_MS = 5_000;

/**
 * Stop a child of the demo. All of them end when their standard input does, so they also end when this process is
 * killed and can tell them nothing; one that does not is killed after a grace.
 */
export async function stopChild(child: ChildProcess, graceMs: number = GRACE_MS): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.stdin?.end();
  const killer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  try {
    await exited;
  } finally {
    clearTimeout(killer);
  }
}
