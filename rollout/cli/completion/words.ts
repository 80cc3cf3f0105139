import { COMMON_OPTIONS, GROUPS, type WholeCommand } from "../command.ts";

/** What can be typed after a command, for the shells. */
export interface Words {
  /** `plan`, `release add`; "" for the top. */
  readonly command: string;
  /** Commands that may follow. */
  readonly commands: readonly Word[];
  readonly options: readonly OptionWord[];
}

export interface Word {
  readonly word: string;
  readonly meaning: string;
}

export interface OptionWord extends Word {
  /** What its value is: `file`, `duration`; absent for a flag. */
  readonly value?: string;
}

/** What `help` and `--help` do, in commander's words. */
const HELP = "display help for command";

/** Every place in the command line, the top first. */
export function wordsOf(commands: readonly WholeCommand[]): readonly Words[] {
  const common = [...COMMON_OPTIONS, ["--help", HELP] as const].map(optionWord);
  const groups = new Map<string, Word[]>();
  const top: Word[] = [];
  for (const { name, summary } of commands) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) top.push({ word: first, meaning: summary });
    else groups.set(first, [...(groups.get(first) ?? []), { word: second, meaning: summary }]);
  }
  for (const group of groups.keys()) top.push({ word: group, meaning: GROUPS[group] ?? group });
  return [
    {
      command: "",
      commands: [...top, { word: "help", meaning: HELP }],
      options: common,
    },
    ...[...groups].map(([command, words]) => ({ command, commands: words, options: [] })),
    ...commands.map(({ name, options = [] }) => ({
      command: name,
      commands: [],
      options: [...options.map(optionWord), ...common],
    })),
  ];
}

function optionWord([flags, meaning]: readonly [flags: string, meaning: string]): OptionWord {
  const [word = "", value] = flags.split(" ");
  return { word, meaning, ...(value === undefined ? {} : { value: value.replaceAll(/[<>[\]]/g, "") }) };
}
