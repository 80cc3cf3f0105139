import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";

/** What the proof said of an engine with one rule switched off. */
export interface Hunt {
  /** Tests that failed; none: the mutant lives. */
  readonly foundBy: readonly string[];
  /** What the first of them says. */
  readonly message: string;
  /** Set when the proof did not run at all. */
  readonly trouble?: string;
}

const CONFIG = join(import.meta.dirname, "vitest.config.ts");
const ROOT = join(import.meta.dirname, "../../..");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

/** Run the proof (or the files of it that are named) against a mutant, in a process of its own. */
export async function hunt(
  rule: string | undefined,
  { schedules, seed, only = [] }: { schedules: number; seed: number; only?: readonly string[] },
): Promise<Hunt> {
  const report = join(tmpdir(), `mutant-${randomUUID()}.json`);
  const environment: NodeJS.ProcessEnv = { ...process.env, SOAK_RUNS: String(schedules), SEED: String(seed) };
  if (rule === undefined) delete environment["MUTANT"];
  else environment["MUTANT"] = rule;
  const output = await new Promise<string>((resolve) => {
    const given = [
      VITEST,
      "run",
      "--config",
      CONFIG,
      "--root",
      ROOT,
      "--reporter=json",
      `--outputFile=${report}`,
      ...only,
    ];
    execFile(
      process.execPath,
      given,
      { env: environment, cwd: ROOT, maxBuffer: 2 ** 26, timeout: 600_000, killSignal: "SIGKILL" },
      (_, out, error) => {
        resolve(`${out}\n${error}`);
      },
    );
  });
  try {
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as Report;
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failed = tests.filter(({ status }) => status === "failed");
    const broken = testResults.find(
      ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
    );
    return {
      foundBy: failed.map(({ title }) => title),
      message: failed[0]?.failureMessages[0]?.split("\n").find((line) => line.trim() !== "") ?? "",
      // After the first finding the other files are not begun any more, and look the same.
      ...(broken === undefined || failed.length > 0 ? {} : { trouble: broken.message }),
    };
  } catch (error) {
    return { foundBy: [], message: "", trouble: `${String(error)}\n${output.slice(-2_000)}` };
  } finally {
    await rm(report, { force: true });
  }
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
