import { Command as Commander } from "commander";
import { COMMON_OPTIONS, GROUPS, type ListedCommand, type WholeCommand } from "./command.ts";
import type { SettingsSources } from "./settings/load-settings.ts";

/** What is done with a command that was typed. */
export type Run = (
  command: WholeCommand,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
  common: Common,
) => Promise<void>;

/** What was said by the options that every command takes. */
export type Common = Pick<SettingsSources, "flag" | "stackOutputs"> & { readonly as: string | undefined };

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
    for (const [flags, text] of COMMON_OPTIONS) verb.option(flags, text);
  }
  return program;
}

/** What a verb that was typed has beside its place in the list. */
function describeVerb(verb: Commander, command: WholeCommand, run: Run): void {
  verb.description(command.help.replaceAll("\n", " "));
  for (const [flags, meaning] of command.options ?? []) verb.option(flags, meaning);
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
