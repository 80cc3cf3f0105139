import { Command as Commander, CommanderError } from "commander";
import { InvariantError, WavegateError } from "../model/problem.ts";
import { abort } from "./commands/abort.ts";
import { apply } from "./commands/apply.ts";
import { enroll } from "./commands/enroll.ts";
import { exportStore } from "./commands/export.ts";
import { hold } from "./commands/hold.ts";
import { history } from "./commands/history.ts";
import { lint } from "./commands/lint.ts";
import { plan } from "./commands/plan.ts";
import { reconcile } from "./commands/reconcile.ts";
import { releaseAdd } from "./commands/release-add.ts";
import { resume } from "./commands/resume.ts";
import { status } from "./commands/status.ts";
import { verify } from "./commands/verify.ts";
import { EXIT, type Command, type Context, type ExitCode } from "./command.ts";
import { openSession } from "./session.ts";
import { loadSettings, type SettingsSources } from "./settings.ts";
import { renderProblems } from "./views/problems.ts";

const COMMANDS: readonly Command[] = [
  plan,
  apply,
  reconcile,
  status,
  history,
  lint,
  verify,
  exportStore,
  hold,
  resume,
  abort,
  enroll,
  releaseAdd,
];

/** Run the command line; the exit code is the answer. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const interrupt = new AbortController();
  const interrupted = (): void => {
    interrupt.abort();
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  let exitCode: ExitCode = EXIT.done;
  const json = argv.includes("--json");
  const program = programOf((command, args, options, sources) =>
    command.run(contextOf({ sources, json, signal: interrupt.signal }), { args, options }).then((result) => {
      process.stdout.write(
        json
          ? `${JSON.stringify(result.json, undefined, 2)}\n`
          : result.human === ""
            ? ""
            : `${result.human}\n`,
      );
      exitCode = result.exitCode;
    }),
  );
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message and hint.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.error;
    report(error, json);
    return error instanceof WavegateError && error.code === "INTERRUPTED" ? EXIT.interrupted : EXIT.error;
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
  }
}

type Run = (
  command: Command,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
  sources: Pick<SettingsSources, "flag" | "stackOutputs">,
) => Promise<void>;

function programOf(run: Run): Commander {
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
    .option("--json", "print the result as JSON")
    .exitOverride()
    .showHelpAfterError("(add --help for more)")
    .addHelpText(
      "after",
      "\nExit: 0 done or waiting, 1 error, 2 plan has changes, 3 aborted, 4 held for a\nperson, 130 interrupted. Try it without an account: npm start",
    );
  const groups = new Map<string, Commander>();
  for (const command of COMMANDS) {
    const words = command.name.split(" ");
    const [first = "", second] = words;
    let parent = program;
    if (second !== undefined) {
      parent = groups.get(first) ?? program.command(first).description(`${first} files`).exitOverride();
      groups.set(first, parent);
    }
    const verb = parent
      .command(second ?? first)
      .summary(command.summary)
      .description(command.help.replaceAll("\n", " "))
      .exitOverride();
    for (const [name, meaning] of command.arguments ?? []) verb.argument(name, meaning);
    for (const [flags, meaning] of command.options ?? []) verb.option(flags, meaning);
    // They may stand before or after the verb.
    verb
      .option("--settings <file>", "settings file")
      .option("--stack-outputs <file>", "outputs of a stack, as JSON")
      .option("--json", "print the result as JSON");
    verb.addHelpText(
      "after",
      `\nExamples:\n${command.examples.map((example) => `  $ ${example}`).join("\n")}`,
    );
    verb.action(async () => {
      const options = verb.optsWithGlobals();
      const fileOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
      await run(command, verb.processedArgs as (string | undefined)[], options, {
        flag: fileOf(options["settings"]),
        stackOutputs: fileOf(options["stackOutputs"]),
      });
    });
  }
  return program;
}

function contextOf(input: {
  readonly sources: Pick<SettingsSources, "flag" | "stackOutputs">;
  readonly json: boolean;
  readonly signal: AbortSignal;
}): Context {
  const folder = process.cwd();
  const settings: Context["settings"] = () =>
    loadSettings({ ...input.sources, environment: process.env, folder });
  return {
    settings,
    session: async () => openSession(await settings(), folder, input.signal),
    progress: (line) => {
      process.stderr.write(`${line}\n`);
    },
    isTerminal: process.stderr.isTTY && process.env["TERM"] !== "dumb" && process.env["CI"] === undefined,
    json: input.json,
    folder,
    signal: input.signal,
  };
}

/** Expected trouble in three lines; a bug with its stack, since somebody has to find it. */
function report(error: unknown, json: boolean): void {
  if (error instanceof WavegateError) {
    const { code, message, hint, problems } = error;
    if (json)
      process.stdout.write(`${JSON.stringify({ error: { code, message, hint, problems } }, undefined, 2)}\n`);
    const list = problems.length === 0 ? "" : `\n${renderProblems(problems)}`;
    process.stderr.write(`${code}: ${message}${list}\n  next: ${hint}\n`);
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kind = error instanceof InvariantError ? "this is a bug in wavegate" : "unexpected";
  process.stderr.write(`${kind}: ${text}\n`);
}
