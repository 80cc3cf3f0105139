import { CommanderError } from "commander";
import type { SpanFacts } from "../adapters/telemetry/telemetry.ts";
import { InvariantError, WavegateError, type Problem } from "../model/problem.ts";
import { COMMANDS } from "./commands.ts";
import {
  EXIT,
  wholeCommand,
  type Command,
  type Context,
  type ExitCode,
  type ListedCommand,
  type Result,
  type WholeCommand,
} from "./command.ts";
import { programOf, type Common, type Run } from "./program.ts";
import { openWantedTelemetry } from "./telemetry/open-wanted-telemetry.ts";
import { plainText } from "./views/plain-text.ts";
import { renderProblems } from "./views/problems.ts";
import { wrapText } from "./views/wrap.ts";

/** Run the command line; the exit code is the answer. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const interrupt = new AbortController();
  const interrupted = (): void => {
    interrupt.abort();
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  let exitCode: ExitCode = EXIT.done;
  const json = argv.includes("--json");
  const run: Run = async (command, args, options, common) => {
    const telemetry = await openWantedTelemetry(process.env, writeProgress);
    const later: (() => Promise<void>)[] = [];
    const context = contextOf(common, {
      ...{ json, telemetry, signal: interrupt.signal },
      afterwards: (work) => later.push(work),
    });
    try {
      const facts: SpanFacts<Result> = {
        name: `wavegate ${command.name}`,
        outcome: (result) => ({ "process.exit.code": result.exitCode }),
      };
      const carryOut = (): Promise<Result> =>
        annotated(command, writeProgress, () => command.run(context, { args, options }));
      const result = await (telemetry === undefined ? carryOut() : telemetry.around(facts, carryOut));
      const text = json ? jsonText(result.json) : fitted(result.human, process.stdout);
      if (text !== "") process.stdout.write(`${text}\n`);
      exitCode = result.exitCode;
      for (const work of later) await work();
    } finally {
      await telemetry?.end();
    }
  };
  try {
    const program = programOf(await commandsFor(argv), run);
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message and hint.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (error instanceof CommanderError) {
      if (json) writeError(optionError(error));
      return EXIT.error;
    }
    report(error, json);
    return error instanceof WavegateError && error.code === "INTERRUPTED" ? EXIT.interrupted : EXIT.error;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}

/** Every command; those whose words are among what was typed are loaded. */
function commandsFor(argv: readonly string[]): Promise<readonly (ListedCommand | WholeCommand)[]> {
  return Promise.all(
    COMMANDS.map(async (listed) =>
      listed.name.split(" ").every((word) => argv.includes(word)) ? wholeCommand(listed) : listed,
    ),
  );
}

/** Commander's complaint as ours: its message has the suggestion on a line of its own. */
function optionError({ message, code }: CommanderError): ErrorDocument {
  const [first = "", near] = message.replace(/^error: /, "").split("\n");
  // Without a command it shows its help, which is no message.
  const text = code === "commander.help" ? "a command is needed" : first;
  const hint = near === undefined ? "see: wavegate --help" : near.replace(/^\((.*)\)$/, "$1");
  return { code: "BAD_OPTION", message: text, hint, problems: [] };
}

function jsonText(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value, undefined, 2);
}

/** Run a command; in a CI, the error that ends it is annotated where it wants that. */
async function annotated<T>(
  { isAnnotated = false }: Pick<Command, "isAnnotated">,
  write: (line: string) => void,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isAnnotated && error instanceof WavegateError && error.code !== "INTERRUPTED") {
      // Loaded late: most commands annotate nothing.
      const { annotateError } = await import("./ci-annotations.ts");
      annotateError(error, write);
    }
    throw error;
  }
}

function contextOf(
  common: Common,
  run: Pick<Context, "json" | "signal" | "telemetry" | "afterwards">,
): Context {
  const folder = process.cwd();
  // Loaded late: what a command does not need it does not wait for.
  const settings: Context["settings"] = async () => {
    const { loadSettings } = await import("./settings/load-settings.ts");
    return loadSettings({ ...common, environment: process.env, folder });
  };
  return {
    ...run,
    settings,
    session: async () => {
      const { openSession } = await import("./session.ts");
      const { signal, telemetry } = run;
      return openSession(await settings(), { folder, signal, as: common.as, telemetry });
    },
    commands: () => Promise.all(COMMANDS.map(wholeCommand)),
    output: (line) => {
      process.stdout.write(`${run.json ? line : plainText(line)}\n`);
    },
    screen: isScreen(process.stdout) ? process.stdout : undefined,
    progress: writeProgress,
    isTerminal: isScreen(process.stderr),
    folder,
  };
}

function writeProgress(line: string): void {
  process.stderr.write(`${fitted(line, process.stderr)}\n`);
}

/** True for a terminal that can be drawn over. */
function isScreen(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb" && process.env["CI"] === undefined;
}

/** Text for a stream, whoever wrote it: without controls, and wrapped where people read it in a terminal. */
function fitted(text: string, stream: NodeJS.WriteStream): string {
  const plain = plainText(text);
  return isScreen(stream) ? wrapText(plain, stream.columns) : plain;
}

/** What `--json` prints of a failure. */
interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly problems: readonly Problem[];
}

function writeError(error: ErrorDocument): void {
  process.stdout.write(`${jsonText({ error })}\n`);
}

/** Expected trouble in three lines; a bug with its stack, since somebody has to find it. */
function report(error: unknown, json: boolean): void {
  if (error instanceof WavegateError) {
    const { code, message, hint, problems } = error;
    if (json) writeError({ code, message, hint, problems });
    const list = problems.length === 0 ? "" : `\n${renderProblems(problems)}`;
    process.stderr.write(fitted(`${code}: ${message}${list}\n  next: ${hint}\n`, process.stderr));
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kind = error instanceof InvariantError ? "this is a bug in wavegate" : "unexpected";
  if (json) writeError({ code: "BUG", message: kind, hint: "report it, with the stack", problems: [] });
  process.stderr.write(`${kind}: ${text}\n`);
}
