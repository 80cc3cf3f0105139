import type { OptionWord, Words } from "./words.ts";

/** Completion for fish: a line a word. */
export function fishCompletion(all: readonly Words[]): string {
  const lines = [
    "# fish completion of wavegate: wavegate completion fish | source",
    "complete -c wavegate -f",
  ];
  for (const { command, commands, options } of all) {
    const when = conditionOf(command);
    for (const { word, meaning } of commands)
      lines.push(`complete -c wavegate -n ${quoted(when)} -a ${word} -d ${quoted(meaning)}`);
    // What the top takes, every command takes too.
    if (command !== "") for (const option of options) lines.push(optionLine(option, when));
  }
  return lines.join("\n");
}

function conditionOf(command: string): string {
  if (command === "") return "__fish_use_subcommand";
  return command
    .split(" ")
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join("; and ");
}

function optionLine({ word, meaning, value }: OptionWord, when: string): string {
  const takes = value === undefined ? "" : value === "file" ? " -r -F" : " -x";
  return `complete -c wavegate -n ${quoted(when)} -l ${word.replace(/^--/, "")}${takes} -d ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, "\\$&")}'`;
}
