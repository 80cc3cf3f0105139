import { closest } from "../../model/schema-problems.ts";
import { WavegateError } from "../../model/problem.ts";
import { EXIT, type Command } from "../command.ts";
import { bashCompletion } from "../completion/bash.ts";
import { fishCompletion } from "../completion/fish.ts";
import { wordsOf, type Words } from "../completion/words.ts";
import { zshCompletion } from "../completion/zsh.ts";

const SHELLS: Readonly<Record<string, (all: readonly Words[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `wavegate completion`. */
export const completion: Command = {
  help: `Print the completion script of a shell: evaluate it in the shell's start file, or
keep it where the shell looks for completions. It completes commands, options and
files, and asks neither settings nor a hub.`,
  examples: ["wavegate completion bash >> ~/.bashrc", "wavegate completion fish | source"],
  async run(context, input) {
    const shell = input.args[0] ?? "";
    const script = SHELLS[shell]?.(wordsOf(await context.commands()));
    if (script === undefined) {
      const near = closest(shell, Object.keys(SHELLS));
      throw new WavegateError("BAD_OPTION", `there is no completion for "${shell}"`, {
        hint: near === undefined ? "it is there for bash, zsh and fish" : `did you mean "${near}"?`,
      });
    }
    return { exitCode: EXIT.done, human: script, json: { schemaVersion: 1, shell, script } };
  },
};
