import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT } from "../../support/command-line.ts";
import { percent } from "../../../rollout/wavegate.ts";
import { aSmokeRelease } from "../../support/declarations.ts";
import { startDeployment, type Deployment } from "../../support/deployment.ts";

// One process drives, another one watches: on a real hub, with real devices.

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment({ name: "test-watch", devices: 10, scale: 3_600 });
  expect((await deployment.wavegate(["apply"])).code).toBe(0);
  await deployment.release("good.ts", {
    ...aSmokeRelease({
      waves: [
        { name: "half", cohort: percent(50) },
        { name: "everyone", cohort: percent(100) },
      ],
    }),
    artifact: deployment.artifacts.get("1.1.0"),
  });
});
afterAll(() => deployment[Symbol.asyncDispose]());

interface Document {
  readonly at: number;
  readonly outcome?: string;
  readonly products?: readonly {
    readonly exposure?: { readonly exposed: number; readonly unexposed: number };
    readonly outlook?: { readonly completesAt?: number };
    readonly next: { readonly phase: string };
  }[];
}

/** `status --watch`, with standard output and standard error told apart. */
function watching(...args: readonly string[]): {
  readonly ended: Promise<number | null>;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly first: Promise<unknown>;
  interrupt(): void;
} {
  const child = spawn(process.execPath, ["scripts/wavegate.mjs", "status", "--watch", ...args], {
    cwd: PROJECT,
    env: { ...process.env, WAVEGATE_SETTINGS: deployment.settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  const first = Promise.withResolvers<undefined>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    stdout.push(line);
    first.resolve(undefined);
  });
  createInterface({ input: child.stderr }).on("line", (line) => stderr.push(line));
  return {
    ended: new Promise((resolve) => child.once("close", resolve)),
    stdout,
    stderr,
    first: first.promise,
    interrupt: () => child.kill("SIGINT"),
  };
}

describe("wavegate status --watch", () => {
  it("starts with what apply --no-wait started, follows apply to its end, and writes nothing", async () => {
    const started = await deployment.wavegate(["apply", "--no-wait"]);
    expect(started.code, started.lines.join("\n")).toBe(0);
    expect(started.lines.join("\n")).toContain("next: wavegate status thermostat --watch");
    const stopped = watching("--json");
    await stopped.first;
    stopped.interrupt();
    expect(await stopped.ended).toBe(130);
    expect(JSON.parse(stopped.stdout.at(-1) ?? "")).toEqual({ schemaVersion: 1, outcome: "interrupted" });

    const watcher = watching("--json");
    const lines = watching("--every", "10 minutes");
    const applied = await deployment.wavegate(["apply"]);
    expect(applied.code, applied.lines.join("\n")).toBe(0);
    expect(await watcher.ended).toBe(0);
    expect(await lines.ended).toBe(0);
    const documents = watcher.stdout.map((line) => JSON.parse(line) as Document);
    expect(watcher.stderr).toEqual([]);
    expect(documents.at(-1)?.outcome).toBe("done");
    expect(documents.slice(0, -1).every(({ outcome }) => outcome === undefined)).toBe(true);
    const exposures = documents.map(({ products }) => products?.[0]?.exposure);
    for (const exposure of exposures) expect((exposure?.exposed ?? 0) + (exposure?.unexposed ?? 0)).toBe(10);
    expect(exposures[0]?.unexposed).toBeGreaterThan(0);
    expect(exposures.at(-1)).toMatchObject({ exposed: 10, unexposed: 0 });
    const { at = 0 } = documents.at(-1) ?? {};
    for (const { products } of documents)
      expect(products?.[0]?.outlook?.completesAt ?? 0).toBeLessThanOrEqual(at);
    expect(
      lines.stdout.filter((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d {2}thermostat {2}/.test(line)).length,
    ).toBeGreaterThan(1);
    expect(lines.stdout.join("\n")).toContain("1.1.0  watching");
  }, 120_000);

  it("refuses a time that is none, with how to write it", async () => {
    const { code, lines } = await deployment.wavegate(["status", "--watch", "--every", "soon"]);
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("--every soon is no duration");
  });
});
