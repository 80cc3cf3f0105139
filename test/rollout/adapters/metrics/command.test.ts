import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command } from "../../../../rollout/adapters/metrics/command.ts";
import { metricSources } from "../../../../rollout/adapters/metrics/metric-sources.ts";
import type { MetricAnswer } from "../../../../rollout/model/question.ts";
import { aRequest } from "./a-request.ts";
import { isAlive } from "../../../support/is-alive.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wavegate-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a program that runs this script says. */
function run(
  script: string,
  { timeoutMs = 10_000, environment = [] as string[] } = {},
): Promise<MetricAnswer> {
  const ask = command({ command: [process.execPath, "-e", script], environment, folder });
  return metricSources({ lab: { ask, timeoutMs } }).measure(aRequest({ query: "crashes of {{version}}" }));
}

const READ = 'let q = ""; process.stdin.on("data", (d) => (q += d)).on("end", () => ';

describe("a command", () => {
  it("reads the query on its standard input and says a number, or numbers by stratum", async () => {
    const script = `${READ} console.log(JSON.stringify({ A: q.length, B: 0 })));`;
    const A = "crashes of 2.1.0".length;
    expect(await run(script)).toEqual({ state: "measured", byStratum: { A, B: 0 } });
  });

  it("need not read it", async () => {
    expect(await run("console.log(5)")).toEqual({ state: "measured", byStratum: { "*": 5 } });
  });

  it("runs in the settings' folder, with the variables it was given and no others", async () => {
    process.env["WAVEGATE_TEST_GIVEN"] = "1";
    process.env["WAVEGATE_TEST_KEPT"] = "2";
    const script =
      'require("node:fs").writeFileSync("seen", JSON.stringify(process.env)); console.log(Object.keys(process.env).length)';
    await run(script, { environment: ["WAVEGATE_TEST_GIVEN"] });
    const seen = await readFile(join(folder, "seen"), "utf8");
    expect(seen).toContain("WAVEGATE_TEST_GIVEN");
    expect(seen).not.toContain("WAVEGATE_TEST_KEPT");
    delete process.env["WAVEGATE_TEST_GIVEN"];
    delete process.env["WAVEGATE_TEST_KEPT"];
  });

  it.each([
    ["fails", "console.error('s3cr3t'); process.exit(3)", "failed", "ended with 3"],
    ["dies", "process.kill(process.pid, 'SIGKILL')", "failed", "SIGKILL"],
    [
      "talks too much",
      "process.stdout.write('1'.repeat(200_000)); setInterval(() => 0, 1000)",
      "malformed",
      "more than",
    ],
    ["says nothing", "", "malformed", "no JSON"],
  ])("that %s is told as it is, without what it wrote", async (_, script, trouble, text) => {
    const found = await run(script);
    expect(found).toMatchObject({ state: "broken", trouble });
    expect(JSON.stringify(found)).toContain(text);
    expect(JSON.stringify(found)).not.toContain("s3cr3t");
  });

  it("that is not there cannot be started", async () => {
    const ask = command({ command: ["./no-such-program"], folder });
    const found = await metricSources({ lab: { ask, timeoutMs: 5_000 } }).measure(aRequest());
    expect(found).toMatchObject({ trouble: "unreachable" });
  });

  it("is ended by its time, with what it started", async () => {
    const pids = join(folder, "pids");
    await writeFile(pids, "");
    const child = `require("node:fs").appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n"); setInterval(() => 0, 1000)`;
    const script = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" }); ${child}`;
    expect(await run(script, { timeoutMs: 1_500 })).toMatchObject({ trouble: "time-out" });
    const started = (await readFile(pids, "utf8")).trim().split("\n").map(Number);
    expect(started).toHaveLength(2);
    await expect.poll(() => started.filter(isAlive)).toEqual([]);
  });
});
