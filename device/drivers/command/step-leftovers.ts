import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Tells the processes of a device's steps from all others; its value is the agent's directory. */
export const AGENT_VARIABLE = "WAVEGATE_AGENT";
/** Name of the step, in its environment. */
export const STEP_VARIABLE = "WAVEGATE_STEP";

const LOOK_AGAIN_MS = 20;
const TRIES = 100;

/**
 * End what steps of an agent before this one have left running: an agent that was killed leaves its installer at work,
 * and the next would write to the same slot. Found by their environment, so by Linux alone; what the reboot step has
 * started is left, since that is the firmware. Rejects when one does not end.
 */
export async function endLeftovers(directory: string): Promise<void> {
  for (let n = 0; n < TRIES; n++) {
    const left = await leftovers(directory);
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await delay(LOOK_AGAIN_MS);
  }
  const left = await leftovers(directory);
  if (left.length > 0)
    throw new Error(
      `processes of an earlier step do not end: ${left.join(", ")}; end them before the agent starts`,
    );
}

async function leftovers(directory: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir("/proc");
  } catch {
    return [];
  }
  const mark = `${AGENT_VARIABLE}=${directory}`;
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const variables = await variablesOf(pid);
      return variables.includes(mark) && !variables.includes(`${STEP_VARIABLE}=reboot`) ? [pid] : [];
    }),
  );
  return found.flat();
}

/** Another user's processes, and those that have just ended, show none. */
async function variablesOf(pid: number): Promise<string[]> {
  try {
    return (await readFile(join("/proc", String(pid), "environ"), "utf8")).split("\0");
  } catch {
    return [];
  }
}
