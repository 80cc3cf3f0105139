import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Context, Command, Result } from "../../../rollout/cli/command.ts";
import { COMMANDS } from "../../../rollout/cli/commands.ts";
import { abort } from "../../../rollout/cli/commands/abort.ts";
import { approve } from "../../../rollout/cli/commands/approve.ts";
import { hold } from "../../../rollout/cli/commands/hold.ts";
import { override } from "../../../rollout/cli/commands/override.ts";
import { plan } from "../../../rollout/cli/commands/plan.ts";
import { reconcile } from "../../../rollout/cli/commands/reconcile.ts";
import { resume } from "../../../rollout/cli/commands/resume.ts";
import { retry } from "../../../rollout/cli/commands/retry.ts";
import { status } from "../../../rollout/cli/commands/status.ts";
import { stop } from "../../../rollout/cli/commands/stop.ts";
import { loadDeclarations } from "../../../rollout/cli/declarations/declarations.ts";
import type { Session } from "../../../rollout/cli/session.ts";
import { WavegateError } from "../../../rollout/model/problem.ts";
import { percent, ring } from "../../../rollout/wavegate.ts";
import { PROJECT } from "../../support/command-line.ts";
import { aFleet, anArtifact, aRelease, declared, imagesOf } from "../../support/declarations.ts";
import { createWorld, type Behaviour, type World } from "../../support/world.ts";
import { seenEvidence, STRICT_RELEASE, stuck } from "../reconcile/stuck-wave.ts";

// What docs/operating.md shows, as the commands themselves print it.
const HOUR = 3_600_000;
const ATTEMPT = "fw--thermostat--1-1-0--1";
const PRODUCT = declared(
  aRelease("1.1.0", {
    waves: [
      { name: "canary", cohort: ring("canary"), kind: "smoke" },
      {
        name: "half",
        cohort: percent(50),
        kind: "smoke",
        approvals: 2,
        pace: { parts: 4, every: "2 hours" },
      },
      { name: "everyone", cohort: percent(100), kind: "smoke" },
    ],
    gate: { ...aRelease("1.1.0").gate, coverage: "100%", onAbort: "halt" },
  }),
);

/** What the consoles of this file have shown, in order. */
const shown: string[] = [];

const NAMES = new Map(
  await Promise.all(COMMANDS.map(async ({ name, load }) => [await load(), name] as const)),
);

/** Where declarations are read from files. */
interface Place {
  readonly fleet: string;
  readonly releases: string;
  readonly folder: string;
}

/** A console on a world: every command is shown as typed, with what it printed. */
function consoleOf(
  world: World,
  place?: Place,
): {
  readonly run: (
    as: string,
    command: Command,
    product: string,
    options?: Record<string, unknown>,
    /** What everybody else does while the command sleeps. */
    meanwhile?: () => Promise<void>,
  ) => Promise<Result>;
} {
  return {
    run: async (
      as: string,
      command: Command,
      product: string,
      options: Record<string, unknown> = {},
      meanwhile: () => Promise<void> = () => Promise.resolve(),
    ) => {
      const { records, images } = world.ports;
      const clock = { ...world.ports.clock, sleep: meanwhile };
      const { hub } = world;
      const name = place === undefined ? "plant" : hub.name;
      const session = {
        settings: {
          queryLag: 0,
          lookEvery: HOUR,
          hub: { name, tier: "S1", units: 1 },
          otherHubs: [],
          declarations: place,
        },
        hubs: [{ ...hub, name }],
        records,
        images,
        clock,
        actor: as,
        declarations: () =>
          place === undefined
            ? Promise.resolve({ products: [PRODUCT], problems: [] })
            : loadDeclarations(place),
      } as unknown as Session; // The rest of a session is for other commands.
      const lines: string[] = [];
      const context = {
        session: () => Promise.resolve(session),
        progress: () => undefined,
        output: (line: string) => lines.push(line),
        json: false,
        folder: place?.folder,
        signal: new AbortController().signal,
      } as unknown as Context;
      const flags = Object.entries(options).map(([name, value]) =>
        value === true
          ? ` --${name}`
          : ` --${name} ${/\s/.test(String(value)) ? `"${String(value)}"` : String(value)}`,
      );
      const typed = `wavegate ${NAMES.get(command) ?? ""}${product === "" ? "" : ` ${product}`}${flags.join("")}`;
      const args = product === "" ? [] : [product];
      const result = await command
        .run(context, { args, options })
        .catch((error: unknown) => ({ human: String(error), exitCode: 1 as const, json: undefined }));
      shown.push([`$ ${typed}`, ...lines, result.human].join("\n"));
      return result;
    },
  };
}

function hasAnswered(world: World, deviceId: string): boolean {
  const firmware = world.devices.get(deviceId).reported.value["firmware"] as { readonly rolloutId: string };
  return firmware.rolloutId === ATTEMPT;
}

function lastLine({ human }: Result): string {
  return human.split("\n").at(-1) ?? "";
}

describe("operating a rollout by its commands", () => {
  it("approves, paces, holds, overrides, halts and retries", async () => {
    const world = createWorld({ devices: aFleet(200), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run } = consoleOf(world);
    const answer = async (hours: number, behave: Behaviour = () => "ok"): Promise<Result> => {
      world.settle(behave);
      world.advance(hours * HOUR);
      return run("cron", reconcile, "thermostat");
    };
    await run("cron", reconcile, "thermostat");
    await run("cron", reconcile, "thermostat");
    await answer(1);
    const awaiting = await answer(4);
    expect(awaiting.exitCode).toBe(4);
    expect(awaiting.human).toContain('wave "half" awaits the approval of 2 people, not cron who started it');
    expect((await run("alice", approve, "thermostat", { reason: "field test is fine" })).human).toBe(
      'wave "half" of thermostat 1.1.0 is approved (1 of 2: alice)\n  next: 1 more person has to run: wavegate approve thermostat --wave "half"',
    );
    expect((await run("cron", approve, "thermostat")).human).toContain("cron started 1.1.0");
    expect((await run("bob", approve, "thermostat", { wave: "half" })).human).toContain(
      "(2 of 2: alice, bob)",
    );
    expect((await run("cron", reconcile, "thermostat")).human).toContain("part 1 of 4");
    await answer(2);
    expect((await run("alice", status, "thermostat")).human).toMatch(
      /running, wave "half" \(2 of 3\), part 2 of 4\n[\s\S]*evidence [0-9a-f]{12}\n[\s\S]*part 2 of 4: the next opens in 2 hours/,
    );
    expect((await run("alice", hold, "thermostat", { reason: "support sees odd calls" })).human).toContain(
      "is held",
    );
    expect((await answer(3)).exitCode).toBe(4);
    expect((await run("alice", resume, "thermostat", { reason: "another cause" })).human).toContain(
      "goes on",
    );
    await answer(2);
    const [late = ""] = [...world.exposed(ATTEMPT)].filter((deviceId) => !hasAnswered(world, deviceId));
    world.devices.remove(late);
    await answer(9);
    await answer(9);
    const seen = await run("alice", status, "thermostat");
    const [, evidence = ""] = /evidence ([0-9a-f]{12})/.exec(seen.human) ?? [];
    expect(seen.human).toMatch(/devices of wave "half" made contact; 100% are needed/);
    const decided = await run("alice", override, "thermostat", {
      wave: "half",
      evidence,
      reason: "that one is in a drawer",
    });
    expect(decided.human).toContain(`overridden for 1 hour, on evidence ${evidence}`);
    expect((await run("alice", status, "thermostat")).human).toContain('wave "everyone" (3 of 3)');
    const bad = [...world.exposed(ATTEMPT)].filter((deviceId) => !hasAnswered(world, deviceId)).slice(0, 25);
    const failing: Behaviour = ({ deviceId }) => (bad.includes(deviceId) ? "failed" : "ok");
    const halted = await answer(0, failing);
    expect(halted.exitCode).toBe(3);
    expect(lastLine(await run("alice", status, "thermostat"))).toContain(
      "1.1.0 is halted: its devices keep it",
    );
    const again = await run("alice", retry, "thermostat", { failed: true, reason: "power was restored" });
    expect(again.human).toContain("may be tried once more, for ");
    expect((await run("cron", reconcile, "thermostat")).human).toContain('wave "failed devices"');
    expect((await run("alice", abort, "thermostat", { halt: true, reason: "no better" })).human).toContain(
      "is halted",
    );
  });

  it("declares an override in a file, and carries it out once it is there", async () => {
    const world = await stuck();
    const folder = join(PROJECT, ".wavegate", "test-operating");
    const place = {
      folder,
      fleet: join(folder, "rollout", "fleet.ts"),
      releases: join(folder, "rollout", "releases"),
    };
    await rm(folder, { recursive: true, force: true });
    await mkdir(place.releases, { recursive: true });
    const adopt = { version: "1.0.0", artifact: anArtifact("1.0.0") };
    const files = { "fleet.ts": { products: { thermostat: { adopt } } }, "releases/a.ts": STRICT_RELEASE };
    for (const [name, value] of Object.entries(files))
      await writeFile(join(folder, "rollout", name), `export default ${JSON.stringify(value)};\n`);
    const { run } = consoleOf(world, place);
    const typed = {
      wave: "canary",
      evidence: (await seenEvidence(world)).slice(0, 12),
      reason: "one is in a drawer",
    };
    const before = world.records.size;
    const declaring = await run("alice", override, "thermostat", { ...typed, file: true });
    const file = "rollout/overrides/thermostat-1.1.0-canary.ts";
    expect(declaring.human).toContain(`wrote ${file}: the gate of wave "canary"`);
    expect(world.records.size).toBe(before);
    shown.push(["$ cat " + file, readFileSync(join(folder, file), "utf8").trimEnd()].join("\n"));
    expect((await run("alice", override, "thermostat", { ...typed, file: true })).human).toContain(
      `${file} exists already`,
    );
    const elsewhere = { ...typed, wave: "half", file: true };
    expect((await run("alice", override, "thermostat", elsewhere)).human).toContain(
      'the open wave is "canary", not "half"',
    );
    expect((await run("alice", plan, "thermostat")).human).toMatch(
      /\n  override 1\.1\.0: lets wave "canary" on although its gate holds[^]*: due: apply records it/,
    );
    await run("cron", reconcile, "thermostat");
    expect([...world.records.values()].slice(-2)).toMatchObject([
      { kind: "override", actor: "cron", reason: "one is in a drawer (thermostat-1.1.0-canary.ts)" },
      { kind: "promote", verdict: { guarantee: "overridden" } },
    ]);
    expect((await run("alice", status, "thermostat")).human).toContain(
      ": recorded at 2026-01-02T06:00Z by cron",
    );
    await rm(folder, { recursive: true, force: true });
  });

  it("watches what another process drives", async () => {
    const world = createWorld({ devices: aFleet(200), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const driver = consoleOf(world);
    const { run } = consoleOf(world);
    await driver.run("cron", reconcile, "thermostat");
    await driver.run("cron", reconcile, "thermostat");
    const watched = await run("alice", status, "thermostat", { watch: true }, async () => {
      world.settle(() => "ok");
      world.advance(HOUR);
      await driver.run("cron", reconcile, "thermostat");
    });
    expect(watched.exitCode).toBe(4);
    const [, ...lines] = (shown.at(-1) ?? "").split("\n");
    expect(lines.filter((line) => /^2026-/.test(line)).length).toBeGreaterThan(2);
  });

  it("stops the line", async () => {
    const world = createWorld({ devices: aFleet(24), version: "1.0.0", images: imagesOf("1.0.0", "1.1.0") });
    const { run } = consoleOf(world);
    expect((await run("alice", stop, "", { all: true, reason: "nothing" })).human).toBe(
      "nothing is under way on plant",
    );
    await run("cron", reconcile, "thermostat");
    await run("cron", reconcile, "thermostat");
    expect(await run("alice", stop, "", { all: true, reason: "certificates" })).toMatchObject({
      exitCode: 0,
      human: "thermostat: fw--thermostat--1-1-0--1 is held (2 writes)",
    });
    expect((await run("cron", reconcile, "thermostat")).exitCode).toBe(4);
    world.fault = ({ when, call }) => {
      if (when === "before" && call === `replace ${ATTEMPT}`)
        throw new WavegateError("HUB_UNREACHABLE", "plant does not answer", { hint: "" });
    };
    expect(await run("alice", stop, "", { all: true, abort: true, reason: "worse" })).toMatchObject({
      exitCode: 1,
      human:
        "thermostat: NOT STOPPED: HUB_UNREACHABLE: plant does not answer\n  next: run the same command again, now",
    });
    world.fault = () => undefined;
    expect((await run("alice", stop, "", { all: false, reason: "x" })).exitCode).toBe(1);
  });
});

describe("docs/operating.md", () => {
  it("shows what the commands print, to the letter", () => {
    const text = readFileSync("docs/operating.md", "utf8");
    const blocks = [...text.matchAll(/```console\n([^]*?)\n```/g)].map(([, block = ""]) => block);
    expect(blocks.length).toBeGreaterThan(8);
    for (const block of blocks) expect(shown).toContain(block);
  });
});
