import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { PROJECT } from "../support/command-line.ts";

// Every shipped script that runs a rollout, with a wavegate that only ends in a code: what the pipeline makes of it.

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wavegate-exit-codes-"));
  writeFileSync(
    join(folder, "npx"),
    '#!/bin/sh\necho "$@" >> asked\necho report\ncase "$2" in git) exit 0 ;; *) exit "$CODE" ;; esac\n',
    { mode: 0o755 },
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Script {
  readonly file: string;
  readonly text: string;
}

/** Every script of a parsed pipeline, wherever it stands. */
function scriptsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(scriptsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    (key === "run" || key === "inlineScript") && typeof inner === "string" ? [inner] : scriptsIn(inner),
  );
}

function scripts(...path: readonly string[]): readonly Script[] {
  const at = join(PROJECT, "templates", ...path);
  return readdirSync(at).flatMap((file) =>
    scriptsIn(parse(readFileSync(join(at, file), "utf8"))).map((text) => ({ file, text })),
  );
}

const ALL = [...scripts("github", "workflows"), ...scripts("azure-pipelines")];

/** The scripts that run a command, tried with each of its ends. */
function ends(
  command: string,
): readonly { readonly file: string; readonly by: readonly (number | null)[] }[] {
  return ALL.filter(({ text }) => text.includes(`npx wavegate ${command}`)).map(({ file, text }) => ({
    file,
    by: [0, 1, 2, 3, 4].map((code) => {
      writeFileSync(join(folder, "script.sh"), text);
      const { status } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "script.sh"], {
        cwd: folder,
        env: {
          PATH: `${folder}:${process.env["PATH"] ?? ""}`,
          ...{ CODE: String(code), GITHUB_STEP_SUMMARY: "summary", GITHUB_OUTPUT: "output" },
          ...{ GITHUB_EVENT_NAME: "push", PIPELINE_WORKSPACE: folder },
        },
      });
      return status;
    }),
  }));
}

describe("a pipeline", () => {
  it.each([
    ["apply", 2, [0, 1, 2, 3, 0]],
    ["reconcile --no-start", 2, [0, 1, 2, 3, 0]],
    ["plan --markdown", 2, [0, 1, 2, 3, 4]],
    ["plan --detailed-exitcode --markdown", 2, [0, 1, 0, 3, 4]],
    ["plan --detailed-exitcode |", 1, [0, 1, 2, 3, 4]],
  ])("ends after wavegate %s as is written down, in %i places", (command, places, codes) => {
    const found = ends(command);
    expect(found.length).toBe(places);
    for (const { file, by } of found) expect(by, file).toEqual(codes);
  });

  it("asks for the review of a plan with changes only, and of a push only", () => {
    rmSync(join(folder, "asked"), { force: true });
    ends("plan --detailed-exitcode --markdown");
    const asked = readFileSync(join(folder, "asked"), "utf8").split("\n");
    expect(asked.filter((line) => line.startsWith("wavegate git"))).toEqual([
      "wavegate git verify-plan release.plan.json",
    ]);
  });
});
