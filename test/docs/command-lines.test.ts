import { CommanderError, type Command as Commander } from "commander";
import { describe, expect, it } from "vitest";
import { wholeCommand } from "../../rollout/cli/command.ts";
import { COMMANDS } from "../../rollout/cli/commands.ts";
import { programOf } from "../../rollout/cli/program.ts";
import { codeBlocks, docPages, withoutBlocks, wordsOf, type DocPage } from "./doc-files.ts";

const WHOLE = await Promise.all(COMMANDS.map(wholeCommand));

describe("command lines in the docs", () => {
  const pages = docPages();

  it("are those of the command line: no command, option or argument that it does not know", async () => {
    const typed = pages.flatMap(typedLines);
    expect(typed.length).toBeGreaterThan(50);
    const faults = await Promise.all(
      typed.map(async ({ where, line }) =>
        (await faultOf(line)).map((fault) => `${where}: ${line}: ${fault}`),
      ),
    );
    expect(faults.flat()).toEqual([]);
  });

  it("are known where the text names them in passing", async () => {
    const named = pages.flatMap(namedLines);
    expect(named.length).toBeGreaterThan(50);
    const faults = await Promise.all(
      named.map(async ({ where, line }) =>
        (await faultOf(line))
          .filter((fault) => /unknown|excess/.test(fault))
          .map((fault) => `${where}: ${line}: ${fault}`),
      ),
    );
    expect(faults.flat()).toEqual([]);
  });
});

describe("a command line", () => {
  it.each([
    ["stands", 'wavegate hold thermostat --reason "odd calls"', []],
    ["stands with what is done to its output", "wavegate verify --file t.json | tail -1", []],
    ["has an unknown option", "wavegate plan --dry-run", ["unknown option '--dry-run'"]],
    ["has an unknown command", "wavegate deploy", ["unknown command 'deploy'"]],
    ["lacks an argument", "wavegate hold", ["missing required argument 'product'"]],
  ])("%s", async (_, line, faults) => {
    expect(await faultOf(line)).toEqual(faults);
  });
});

interface Line {
  readonly where: string;
  readonly line: string;
}

/** What is typed in blocks of code: after a prompt, or by itself in a block for a shell or without a language. */
function typedLines({ path, text }: DocPage): readonly Line[] {
  return codeBlocks(text)
    .filter(({ language }) => ["", "sh", "console", "yaml", "bash"].includes(language))
    .flatMap(({ line: first, lines }) =>
      joined(lines).flatMap((line, index) => {
        const [, command] = /^\s*(?:\$ |- run: |run: )?((?:npx )?wavegate [^#]*)/.exec(line) ?? [];
        return command === undefined ? [] : [{ where: `${path}:${first + index + 1}`, line: command.trim() }];
      }),
    );
}

/** What stands in the text between backticks; "wavegate rollout on HUB" is the name of a role. */
function namedLines({ path, text }: DocPage): readonly Line[] {
  return [...withoutBlocks(text).matchAll(/`((?:npx )?wavegate (?!\w+ on [A-Z])[^`]*)`/g)].map(
    ([, line = ""]) => ({
      where: path,
      line: line.replace(/\s+/g, " "),
    }),
  );
}

/** Lines that end in a backslash go on in the next. */
function joined(lines: readonly string[]): readonly string[] {
  return lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n");
}

/** What commander says against a line; nothing is run. */
async function faultOf(line: string): Promise<readonly string[]> {
  const words = wordsOf(line.replace(/^npx /, "")).slice(1);
  if (words.length === 0 || /^[A-Z…]/.test(words[0] ?? "")) return [];
  const program = silent(programOf(WHOLE, () => Promise.resolve()));
  try {
    await program.parseAsync(words, { from: "user" });
    return [];
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help was asked for.
    if (error.exitCode === 0) return [];
    return [error.message.replace(/^error: /, "").split("\n")[0] ?? ""];
  }
}

function silent(command: Commander): Commander {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const below of command.commands) silent(below);
  return command;
}
