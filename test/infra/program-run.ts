import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Mutant, ProgramRun, Registration } from "./mocked-program.ts";

const SCRIPT = fileURLToPath(new URL("mocked-program.ts", import.meta.url));

/** The program in a process that runs it as often as it is asked. */
export interface Program extends AsyncDisposable {
  /** Run it with a stack's configuration, its text changed where mutants say so. */
  run(entries: Readonly<Record<string, string>>, ...mutants: readonly Mutant[]): Promise<ProgramRun>;
}

/** Load what the program imports. */
export function startProgram(): Program {
  const child = fork(SCRIPT, {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // The one that runs this test; what a test runner adds to it is not the program's.
    execArgv: [],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = once(child, "exit");
  const died = exited.then(() => {
    throw new Error(`the program's process ended: ${said}`);
  });
  // Nobody may be waiting when it ends in order.
  died.catch(() => undefined);
  // One run at a time: Pulumi's runtime is one for the process.
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (entries, ...mutants) => {
      const run = last.then(async () => {
        const answer = once(child, "message");
        child.send({ entries, mutants });
        const [message] = (await Promise.race([answer, died])) as [ProgramRun];
        return message;
      });
      last = run.catch(() => undefined);
      return run;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Run the program once with a stack's configuration. */
export async function runProgram(entries: Readonly<Record<string, string>>): Promise<ProgramRun> {
  await using program = startProgram();
  return await program.run(entries);
}

/** The one resource of a type and name. */
export function theResource({ resources }: ProgramRun, type: string, name: string): Registration {
  const found = resources.filter((resource) => resource.type === type && resource.name === name);
  if (found.length !== 1) throw new Error(`${found.length} resources are ${type} ${name}`);
  return found[0]!;
}
