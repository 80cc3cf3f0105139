import { Command as Commander, CommanderError } from "commander";
import type { SpanFacts, Telemetry } from "../adapters/telemetry/telemetry.ts";
import { InvariantError, WavegateError, type Problem } from "../model/problem.ts";
import { COMMANDS } from "./commands.ts";
import {
  EXIT,
  GROUPS,
  wholeCommand,
  type Command,
  type Context,
  type ExitCode,
  type ListedCommand,
  type Result,
  type WholeCommand,
} from "./command.ts";
import type { SettingsSources } from "./settings.ts";
import { telemetryOf } from "./telemetry/open.ts";
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
  const run: Run = async (command, args, options, sources) => {
    const telemetry = await telemetryOf(process.env, writeProgress);
    const context = contextOf({ sources, json, signal: interrupt.signal, telemetry });
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

/** What is done with a command that was typed. */
export type Run = (
  command: WholeCommand,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
  sources: Sources,
) => Promise<void>;

/** What the options that every command takes say. */
export type Sources = Pick<SettingsSources, "flag" | "stackOutputs"> & { readonly as: string | undefined };

/** The command line: every command as commander parses it; those that are loaded have options, and call `run`. */
export function programOf(commands: readonly (ListedCommand | WholeCommand)[], run: Run): Commander {
  const program = new Commander("wavegate")
    .description("Firmware rollout as code for Azure IoT Hub: staged waves, statistical gates, rollback.")
    .option(
      "--settings <file>",
      "settings file (default: WAVEGATE_SETTINGS, ./wavegate.settings.json, a running demo)",
    )
    .option(
      "--stack-outputs <file>",
      "what `pulumi stack output --json` wrote, for what no settings file says",
    )
    .option("--as <name>", "decide under this name; for a local hub only")
    .option("--json", "print the result as JSON")
    .exitOverride()
    .showHelpAfterError("(add --help for more)")
    .addHelpText(
      "after",
      "\nExit: 0 done or waiting, 1 error, 2 plan has changes, 3 aborted, 4 held for a\nperson, 130 interrupted. Begin with: wavegate init. To try it without an\naccount: npm start, in wavegate's own repository",
    );
  const groups = new Map<string, Commander>();
  for (const command of commands) {
    const words = command.name.split(" ");
    const [first = "", second] = words;
    let parent = program;
    if (second !== undefined) {
      parent =
        groups.get(first) ??
        program
          .command(first)
          .description(GROUPS[first] ?? first)
          .exitOverride();
      groups.set(first, parent);
    }
    const verb = parent
      .command(second ?? first)
      .summary(command.summary)
      .exitOverride();
    for (const [name, meaning] of command.arguments ?? []) verb.argument(name, meaning);
    if ("run" in command) describeVerb(verb, command, run);
    verb.option("--json", "print the result as JSON");
  }
  return program;
}

/** What a verb that was typed has beside its place in the list; all options may stand before or after it. */
function describeVerb(verb: Commander, command: WholeCommand, run: Run): void {
  verb.description(command.help.replaceAll("\n", " "));
  for (const [flags, meaning] of command.options ?? []) verb.option(flags, meaning);
  verb
    .option("--settings <file>", "settings file")
    .option("--stack-outputs <file>", "outputs of a stack, as JSON")
    .option("--as <name>", "decide under this name; for a local hub only");
  const examples = command.examples.map((example) => `  $ ${example}`).join("\n");
  verb.addHelpText("after", `\nExamples:\n${examples}`);
  verb.action(async () => {
    const options = verb.optsWithGlobals();
    const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
    await run(command, verb.processedArgs as (string | undefined)[], options, {
      flag: textOf(options["settings"]),
      stackOutputs: textOf(options["stackOutputs"]),
      as: textOf(options["as"]),
    });
  });
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

function contextOf(input: {
  readonly sources: Sources;
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly telemetry: Telemetry | undefined;
}): Context {
  const folder = process.cwd();
  // Loaded late: `--help` needs neither.
  const settings: Context["settings"] = async () => {
    const { loadSettings } = await import("./settings.ts");
    return loadSettings({ ...input.sources, environment: process.env, folder });
  };
  return {
    settings,
    session: async () => {
      const { openSession } = await import("./session.ts");
      const { signal, telemetry, sources } = input;
      return openSession(await settings(), { folder, signal, as: sources.as, telemetry });
    },
    telemetry: input.telemetry,
    commands: () => Promise.all(COMMANDS.map(wholeCommand)),
    output: (line) => {
      process.stdout.write(`${line}\n`);
    },
    screen: isScreen(process.stdout) ? process.stdout : undefined,
    progress: writeProgress,
    isTerminal: isScreen(process.stderr),
    json: input.json,
    folder,
    signal: input.signal,
  };
}

function writeProgress(line: string): void {
  process.stderr.write(`${fitted(line, process.stderr)}\n`);
}

/** True for a terminal that can be drawn over. */
function isScreen(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb" && process.env["CI"] === undefined;
}

/** Text for a stream: wrapped where people read it in a terminal. */
function fitted(text: string, stream: NodeJS.WriteStream): string {
  return isScreen(stream) ? wrapText(text, stream.columns) : text;
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
