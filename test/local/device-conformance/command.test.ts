import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { BROKEN_DEVICES } from "./broken-devices.ts";
import { brokenProgram } from "./broken-program.ts";
import { checkDevice, evidenceOf } from "./check-device.ts";

const COMMAND = join(import.meta.dirname, "../../../local/device-conformance.ts");

async function run(...args: readonly string[]): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, error };
}

describe("npm run device:conformance", () => {
  it("checks our own agent when it is told of no other, and says what it saw as JSON", async () => {
    const { code, out } = await run(
      "--only",
      "good-update",
      "--json",
      "--health",
      "500ms",
      "--quiet",
      "200ms",
    );
    expect(code).toBe(0);
    const result = JSON.parse(out) as { kept: boolean; scenarios: { evidence: string[] }[] };
    expect(result.kept).toBe(true);
    expect(result.scenarios[0]?.evidence.join("\n")).toMatch(/reported ok \/ current, runs 1\.1\.0/);
    // Evidence is for other people's eyes.
    expect(out).not.toContain("SharedAccessKey");
  });

  it("says all at once what is wrong with its options, and ends with 2", async () => {
    const { code, error } = await run("--only", "nonsense", "--health", "soon", "--image", "good=fw.bin");
    expect(code).toBe(2);
    expect(error).toContain("--only nonsense: there is no such scenario or rule; --list shows them");
    expect(error).toContain("--health takes a time of at least 100 ms");
    expect(error).toContain("--image is for a device of your own");
    const own = await run("--health", "soon", "--image", "good=none@1.0.0", "--", "./device");
    expect(own.code).toBe(2);
    expect(own.error).toContain("--health takes a time of at least 100 ms");
    expect(own.error).toContain("--image good=none@1.0.0: ENOENT");
    expect(own.error).toContain("a device of your own needs --image factory=FILE@VERSION");
    expect((await run("--nonsense")).code).toBe(2);
  });

  it("does not take a run that tested nothing for a good one", async () => {
    const { code, out, error } = await run("--only", "unsigned", "--unsigned", "--json");
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ kept: false });
    expect(error).toContain("nothing was tested");
  });

  it("says how a device that does not start failed, and ends with 1", async () => {
    const fake = ["--image", `factory=${COMMAND}@1.0.0`, "--image", `good=${import.meta.filename}@2.0.0`];
    const broken = ["--", process.execPath, "-e", "console.error('no such board'); process.exit(3)"];
    const { code, out } = await run("--only", "first-start", "--timeout", "1s", ...fake, ...broken);
    expect(code).toBe(1);
    expect(out).toContain("ended by itself: exit code 3 | no such board");
    expect(out).toMatch(/start-report +│ broken/);
  });

  it("waits for a device that starts by itself, takes it back before each scenario, and cuts no power", async () => {
    const device = join(COMMAND, "../device-conformance/example-device.ts");
    const only = ["good-update", "taken-back-after", "cut-in-download"];
    const verdict = await checkDevice([process.execPath, device], { only, startsItself: true });
    expect(verdict.broken, evidenceOf(verdict)).toEqual([]);
    expect(verdict.judgements.find(({ name }) => name === "return")?.result).toBe("kept");
    expect(verdict.judgements.find(({ name }) => name === "power-cut")).toMatchObject({
      result: "not tested",
      untested: [{ scenario: "cut-in-download", why: "the kit does not start this device (--wait)" }],
    });
  });

  it("finds a device that says ok before the health time", async () => {
    const device = BROKEN_DEVICES.find(({ rule }) => rule === "ok-after-health")!;
    const { broken, judgements } = await checkDevice(await brokenProgram(device.edits), {
      only: [device.scenario],
    });
    expect(broken).toEqual(["ok-after-health"]);
    expect(judgements.find(({ name }) => name === "ok-after-health")?.faults[0]?.expected).toMatch(
      /ok 900 ms after the boot of 1\.1\.0 at least, not \d+ ms/,
    );
    // What nobody looked at is not kept.
    expect(judgements.find(({ name }) => name === "floor")?.result).toBe("not tested");
  });
});
