import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ProgramRun, Registration } from "./mocked-program.ts";

const SCRIPT = fileURLToPath(new URL("mocked-program.ts", import.meta.url));

/** Run the program with a stack's configuration. */
export async function runProgram(entries: Readonly<Record<string, string>>): Promise<ProgramRun> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, JSON.stringify(entries)], {
    timeout: 60_000,
  });
  // Our own script's answer.
  return JSON.parse(stdout) as ProgramRun;
}

/** The one resource of a type and name. */
export function theResource({ resources }: ProgramRun, type: string, name: string): Registration {
  const found = resources.filter((resource) => resource.type === type && resource.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources are ${type} ${name}`);
  return found[0]!;
}
