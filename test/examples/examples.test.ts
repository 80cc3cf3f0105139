import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { playExample, type AskedHub } from "../support/example.ts";

// Each example in a process of its own; what it says of itself has to be true, and so has what its hubs say of it.
// Most of their time they wait for the clock: two of them share the cores.

const LIMIT_MS = 240_000;
const RELEASE = "fw--thermostat--1-1-0--1";

/** Devices by the version that they report. */
async function versionsOn(...hubs: readonly AskedHub[]): Promise<Readonly<Record<string, number>>> {
  const twins = (await Promise.all(hubs.map((hub) => hub.firmware()))).flat();
  return Object.fromEntries(
    Map.groupBy(twins, ({ reported }) => reported.currentFwVersion ?? "unknown")
      .entries()
      .map(([version, { length }]) => [version, length]),
  );
}

/** Devices that a hub asks to run a version. */
async function askedFor(version: string, hub: AskedHub): Promise<number> {
  return (await hub.firmware()).filter(({ desired }) => desired.fwVersion === version).length;
}

describe("examples of a rollout and of one that is stopped", () => {
  it.concurrent("first-rollout: all of the fleet runs the release", { timeout: LIMIT_MS }, async () => {
    await using played = await playExample("first-rollout");
    const [hub] = played.hubs;
    expect(await versionsOn(hub!)).toEqual({ "1.1.0": 300 });
    expect(await askedFor("1.1.0", hub!)).toBe(300);
  });

  it.concurrent(
    "failing-gate: all is as before, and whom it never reached was never written to",
    { timeout: LIMIT_MS },
    async () => {
      await using played = await playExample("failing-gate");
      const [hub] = played.hubs;
      expect(await versionsOn(hub!)).toEqual({ "1.0.0": 300 });
      expect((await hub!.conditions())[RELEASE]).toBe("");
      // Canary and 10% together; the others have adopted what they ran.
      expect(await askedFor("1.0.0", hub!)).toBe(65);
      expect(await askedFor("1.1.0", hub!)).toBe(0);
    },
  );
});

describe("examples of people and of numbers of one's own", () => {
  it.concurrent("approval: the wave opened with two people", { timeout: LIMIT_MS }, async () => {
    await using played = await playExample("approval");
    expect(await versionsOn(...played.hubs)).toEqual({ "1.1.0": 150 });
  });

  it.concurrent(
    "own-metrics: the meter took the release back from its canary",
    { timeout: LIMIT_MS },
    async () => {
      await using played = await playExample("own-metrics");
      const [hub] = played.hubs;
      expect(await versionsOn(hub!)).toEqual({ "1.0.0": 150 });
      expect((await hub!.conditions())[RELEASE]).toBe("");
      expect(await askedFor("1.0.0", hub!)).toBe(40);
    },
  );
});

describe("examples of several hubs and of a repository", () => {
  it.concurrent(
    "several-hubs: both came to one head, with the release taken back on both",
    { timeout: LIMIT_MS },
    async () => {
      await using played = await playExample("several-hubs");
      const [north, south] = played.hubs;
      expect(await versionsOn(north!, south!)).toEqual({ "1.0.0": 300 });
      for (const hub of played.hubs) {
        expect((await hub.conditions())[RELEASE]).toBe("");
        expect(await askedFor("1.0.0", hub)).toBe(40);
      }
      const head = await north!.head("thermostat");
      expect(head).toMatch(/^[0-9a-f]{64}$/);
      expect(await south!.head("thermostat")).toBe(head);
    },
  );

  it.concurrent(
    "gitops: what was merged runs everywhere, and nothing is left to commit",
    { timeout: LIMIT_MS },
    async () => {
      await using played = await playExample("gitops");
      expect(await versionsOn(...played.hubs)).toEqual({ "1.1.0": 150 });
      const git = (...args: readonly string[]): string =>
        execFileSync("git", args, { cwd: join(played.folder, "repository"), encoding: "utf8" }).trim();
      expect(git("log", "--first-parent", "--format=%s", "main").split("\n")).toEqual([
        "Merge thermostat 1.1.0",
        "feat: our fleet, and wavegate's workflows",
      ]);
      expect(git("status", "--porcelain", "--untracked-files=no")).toBe("");
    },
  );
});
