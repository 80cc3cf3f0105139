import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { wholeCommand } from "../../../rollout/cli/command.ts";
import { COMMANDS } from "../../../rollout/cli/commands.ts";
import { main } from "../../../rollout/cli/main.ts";
import { CODES } from "../../../rollout/model/problem.ts";
import { PROJECT } from "../../support/command-line.ts";

// Every verb, held to what the command line promises of all of them.

const folder = join(PROJECT, ".wavegate", "every-command-test");
let settings: string;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "releases"), { recursive: true });
  await writeFile(
    join(folder, "fleet.ts"),
    'import { defineFleet } from "wavegate";\nexport default defineFleet({ products: { thermostat: {} } });\n',
  );
  settings = join(folder, "settings.json");
  // Nobody listens there: whoever asks the hub is told so.
  const connectionString = "HostName=localhost:1;SharedAccessKeyName=service;SharedAccessKey=AAAA";
  await writeFile(
    settings,
    JSON.stringify({
      schemaVersion: 1,
      hub: { name: "nowhere", connectionString },
      images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
      records: { folder: "store" },
      declarations: { fleet: "fleet.ts", releases: "releases" },
      // A read is tried for two minutes: they are over sooner on this clock.
      clock: { scale: 1_000, realStartMs: Date.now(), virtualStartMs: Date.now() },
    }),
    { mode: 0o600 },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run the command line in this process, with what it writes. */
async function run(...args: readonly string[]): Promise<Ended> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  vi.stubEnv("WAVEGATE_SETTINGS", settings);
  try {
    const code = await main(args);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** Arguments and options that a command cannot do without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  resume: ["thermostat", "--reason", "x"],
  hold: ["thermostat", "--reason", "x"],
  abort: ["thermostat", "--reason", "x"],
  retry: ["thermostat", "--reason", "x"],
  approve: ["thermostat"],
  enroll: ["thermostat"],
  export: ["thermostat"],
  logs: ["press-7"],
  // It would serve for ever: this one is refused.
  dashboard: ["--host", "0.0.0.0"],
  override: ["thermostat", "--wave", "a", "--evidence", "b", "--reason", "x"],
  stop: ["--all", "--reason", "x"],
  completion: ["bash"],
  "gate check": ["--tolerate", "1%", "--reject", "5%", "--counts", "480/3/2/6"],
  init: [join(folder, "begun")],
  "keys new": ["--out", folder],
  "git comment": ["absent.md", "--pull-request", "1"],
  "git verify-plan": ["absent.plan.json"],
  "release verify": ["--public-key", "absent.pem"],
  "release add": ["absent.bin", "--product", "thermostat", "--release", "1.0.0"],
};
/** What needs no hub, and so succeeds here. */
const WITHOUT_HUB = ["history", "report", "lint", "keys new", "completion", "gate check", "init"];

/** A misspelling one letter off. */
function misspelt(word: string): string {
  return `${word.slice(0, -1)}x${word.slice(-1)}`;
}

const LOADED = await Promise.all(COMMANDS.map(wholeCommand));

describe.each(LOADED.map((command) => [command.name, command] as const))("wavegate %s", (name, command) => {
  const words = name.split(" ");

  it("has help in prose with two examples of itself, in 80 columns", async () => {
    const { code, stdout, stderr } = await run(...words, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const line of stdout.split("\n"))
      expect(line.length).toBeLessThanOrEqual(line.includes("$ ") ? 120 : 80);
    expect(command.help.split(/\s+/).length).toBeGreaterThan(20);
    expect(command.help).toMatch(/\.$/);
    expect(command.examples).toHaveLength(2);
    for (const example of command.examples) {
      expect(example).toMatch(new RegExp(`^wavegate ${name}( |$)`));
      expect(stdout).toContain(`  $ ${example}`);
    }
    for (const option of [...(command.options ?? []).map(([flags]) => flags), "--json", "--as", "--settings"])
      expect(stdout).toContain(option);
  });

  it("answers in JSON on standard output, failure too, with the code of a documented end", async () => {
    const { code, stdout, stderr } = await run(...words, ...(NEEDED[name] ?? []), "--json");
    const found = JSON.parse(stdout) as { readonly error?: { code: string; message: string; hint: string } };
    if (WITHOUT_HUB.includes(name)) {
      expect({ code, error: found.error, stderr }).toEqual({ code: 0, error: undefined, stderr: "" });
      expect(found).toMatchObject({ schemaVersion: 1 });
      return;
    }
    expect(code).toBe(1);
    expect(Object.keys(CODES)).toContain(found.error?.code);
    expect(found.error?.message).not.toBe("");
    expect(found.error?.hint).not.toBe("");
    expect(stderr).toContain(`next: ${found.error?.hint ?? ""}`);
  });

  it("knows what a misspelt command or option was meant to be", async () => {
    const last = words.at(-1) ?? "";
    const wrong = await run(...words.slice(0, -1), misspelt(last));
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toMatch(/Did you mean/);
    const option = command.options?.[0]?.[0].split(" ")[0] ?? "--json";
    const { code, stdout } = await run(...words, ...(NEEDED[name] ?? []), misspelt(option), "--json");
    expect(code).toBe(1);
    const { error } = JSON.parse(stdout) as {
      readonly error: { code: string; message: string; hint: string };
    };
    expect(error.code).toBe("BAD_OPTION");
    expect(error.message).toContain(misspelt(option));
    expect(error.hint).toContain("Did you mean");
  });
});

describe("wavegate logs --lines", () => {
  it("is refused beyond what a device remembers, before it is asked", async () => {
    const { code, stderr } = await run("logs", "press-7", "--lines", "501");
    expect(code).toBe(1);
    expect(stderr).toContain("--lines 501 is no whole number from 1 to 500");
    expect(stderr).toContain("next: --lines 100");
  });
});

describe("--as", () => {
  it("is refused where the hub is none of this machine's", async () => {
    const file = join(folder, "azure.json");
    await writeFile(
      file,
      JSON.stringify({
        schemaVersion: 1,
        hub: {
          name: "plant",
          connectionString: "HostName=plant.example;SharedAccessKeyName=s;SharedAccessKey=AAAA",
        },
        images: { base: "https://localhost:1/firmware", credential: { kind: "azure-cli" } },
        records: { folder: "store" },
        declarations: { fleet: "fleet.ts", releases: "releases" },
      }),
      { mode: 0o600 },
    );
    const { code, stderr } = await run(
      "hold",
      "thermostat",
      "--reason",
      "x",
      "--as",
      "ada",
      "--settings",
      file,
    );
    expect(code).toBe(1);
    expect(stderr).toContain("BAD_OPTION: --as is for a local hub only");
  });
});
