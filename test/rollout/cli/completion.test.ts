import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wholeCommand } from "../../../rollout/cli/command.ts";
import { COMMANDS as LISTED } from "../../../rollout/cli/commands.ts";
import { bashCompletion } from "../../../rollout/cli/completion/bash.ts";
import { fishCompletion } from "../../../rollout/cli/completion/fish.ts";
import { wordsOf } from "../../../rollout/cli/completion/words.ts";
import { zshCompletion } from "../../../rollout/cli/completion/zsh.ts";

const COMMANDS = await Promise.all(LISTED.map(wholeCommand));
const WORDS = wordsOf(COMMANDS);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-completion-"));
  await writeFile(join(folder, "wavegate.bash"), bashCompletion(WORDS));
  await writeFile(join(folder, "settings.json"), "{}");
});
afterAll(() => rm(folder, { recursive: true }));

const has = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;

/** What a real bash offers for a line that ends at the cursor. */
function offered(line: string): string[] {
  const words = line.split(" ");
  const script = `
    set -u
    . ./wavegate.bash
    complete -p wavegate | grep -q _wavegate || exit 9
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
    COMP_CWORD=${words.length - 1}
    _wavegate
    [ \${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.split("\n").filter((word) => word !== "");
}

describe("completion in bash", () => {
  it.each([
    ["wavegate pl", ["plan"]],
    ["wavegate re", ["reconcile", "report", "replay", "resume", "retry", "release"]],
    ["wavegate release ", ["add", "verify"]],
    ["wavegate keys ", ["new"]],
    ["wavegate release add fw.bin --key", ["--key", "--key-env"]],
    ["wavegate status --w", ["--watch"]],
    ["wavegate --json status --ev", ["--every"]],
    ["wavegate status thermostat --e", ["--every"]],
    ["wavegate --settings settings.json status --w", ["--watch"]],
    ["wavegate release add fw.bin --l", ["--like"]],
    ["wavegate plan --settings set", ["settings.json"]],
    ["wavegate status --every ", []],
    ["wavegate nothing --", []],
  ])("of %j offers %j", (line, expected) => {
    expect(offered(line)).toEqual(expected);
  });

  it("offers every command at the top, and every option after its command", () => {
    const top = offered("wavegate ");
    for (const { name, options = [] } of COMMANDS) {
      expect(top).toContain(name.split(" ")[0]);
      const after = offered(`wavegate ${name} --`);
      for (const [flags] of options) expect(after).toContain(flags.split(" ")[0]);
      expect(after).toContain("--json");
    }
  });
});

describe("completion in other shells", () => {
  it("is a script that zsh takes", async (test) => {
    test.skip(!has("zsh"), "zsh is not installed");
    const file = join(folder, "_wavegate");
    await writeFile(file, zshCompletion(WORDS));
    expect(spawnSync("zsh", ["-n", file], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  it("is a script that fish takes", async (test) => {
    test.skip(!has("fish"), "fish is not installed");
    const file = join(folder, "wavegate.fish");
    await writeFile(file, fishCompletion(WORDS));
    const run = spawnSync("fish", ["-c", `source ${file}; complete -C'wavegate status --w'`], {
      encoding: "utf8",
    });
    expect(run.stdout).toContain("--watch");
  });

  it("names every command and option, quoted for its shell", () => {
    for (const script of [zshCompletion(WORDS), fishCompletion(WORDS)]) {
      for (const { name, options = [] } of COMMANDS) {
        expect(script).toContain(name.split(" ").at(-1));
        for (const [flags] of options) expect(script).toContain(flags.split(" ")[0]?.replace(/^--/, ""));
      }
      expect(script).not.toContain("undefined");
    }
    // The apostrophe of "every product's release" ends no string early.
    expect(zshCompletion(WORDS)).toContain("product'\\''s release");
    expect(fishCompletion(WORDS)).toContain("product\\'s release");
  });
});
