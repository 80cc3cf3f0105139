import { join } from "node:path";
import { GROUPS, wholeCommand, type WholeCommand } from "../../rollout/cli/command.ts";
import { COMMANDS } from "../../rollout/cli/commands.ts";
import { programOf } from "../../rollout/cli/program.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";
import { constantDocs } from "./source-docs.ts";

/** docs/reference/commands.md: every command with its help, arguments, options and examples. */
export async function commandReference(project: string): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(wholeCommand));
  return `${[
    generatedHeading("Commands"),
    "`wavegate COMMAND --help` prints the same.",
    markdownTable(
      ["command", "what it does"],
      commands.map((command) => [`[\`${usage(command)}\`](#${anchorOf(command)})`, command.summary]),
    ),
    "## Options of every command",
    optionTable(ownOptions()),
    "## Exit codes",
    markdownTable(
      ["code", "meaning"],
      constantDocs(join(project, "rollout/cli/command.ts"), "EXIT").map(({ key, value, meaning }) => [
        value,
        meaning === "" ? `${key}.` : meaning,
      ]),
    ),
    ...commands.map(section),
  ].join("\n\n")}\n`;
}

function section(command: WholeCommand): string {
  const [first = ""] = command.name.split(" ");
  const group = command.name.includes(" ") ? GROUPS[first] : undefined;
  return [
    `## ${command.name}`,
    group === undefined ? "" : `*${first}: ${group}.*`,
    `\`\`\`text\nwavegate ${usage(command)}${(command.options ?? []).length === 0 ? "" : " [options]"}\n\`\`\``,
    command.help,
    (command.arguments ?? []).length === 0
      ? ""
      : markdownTable(
          ["argument", "meaning"],
          (command.arguments ?? []).map(([name, meaning]) => [`\`${name}\``, meaning]),
        ),
    (command.options ?? []).length === 0 ? "" : optionTable(command.options ?? []),
    `\`\`\`sh\n${command.examples.join("\n")}\n\`\`\``,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function usage({ name, arguments: args = [] }: Pick<WholeCommand, "name" | "arguments">): string {
  return [name, ...args.map(([argument]) => argument)].join(" ");
}

function anchorOf({ name }: Pick<WholeCommand, "name">): string {
  return name.replaceAll(" ", "-");
}

function optionTable(options: readonly (readonly [flags: string, meaning: string])[]): string {
  return markdownTable(
    ["option", "meaning"],
    options.map(([flags, meaning]) => [`\`${flags}\``, meaning]),
  );
}

/** The options that stand before or after any command, as commander knows them. */
function ownOptions(): readonly (readonly [string, string])[] {
  return programOf([], () => Promise.resolve()).options.map(({ flags, description }) => [flags, description]);
}
