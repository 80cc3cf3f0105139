/** `npm test`: every check, then every test but the long ones (test:extras). `npm test -- FILTER...` runs tests alone, `-- --phase NAME` one phase. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { DEBIAN_TESTS, LONG_TESTS } from "./long-tests.mjs";
import { environmentWith, exitCode, findPinnedNode, PROJECT } from "./pinned-node.mjs";
import { countTests, summarizeTests } from "./test-summary.mjs";

const IMPORTING = ["infra", "rollout", "device", "local", "test", "scripts", "bench"];

/** Checks are independent of each other, so they share the cores two at a time. */
const CHECKS = [
  { name: "types", tool: "typescript/bin/tsc", args: () => ["-p", "."] },
  { name: "lint", tool: "eslint/bin/eslint.js", args: () => [".", "--max-warnings", "0"] },
  { name: "formatting", tool: "prettier/bin/prettier.cjs", args: () => ["--check", "."] },
  {
    name: "imports",
    tool: "dependency-cruiser/bin/dependency-cruiser.mjs",
    args: () => IMPORTING.filter((folder) => existsSync(join(PROJECT, folder))),
  },
];
const TESTS = "tests";
/** All files in two processes, which load every module once: it saves a third of the time. */
const TOGETHER = "--isolate=false";
const AT_ONCE = 2;

try {
  const { phase, filters } = parseArguments(process.argv.slice(2));
  await ensureInstalled();
  const isWanted = (name) => (phase === undefined ? filters.length === 0 || name === TESTS : name === phase);
  const checks = await runChecks(CHECKS.filter((check) => isWanted(check.name)));
  const tests = isWanted(TESTS) ? await runTests(filters) : { passed: 0, failed: 0 };
  const passed = checks.passed + tests.passed;
  const failed = checks.failed + tests.failed;
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function parseArguments(args) {
  const at = args.indexOf("--phase");
  if (at < 0) return { phase: undefined, filters: args };
  const phase = args[at + 1];
  const names = [...CHECKS.map((check) => check.name), TESTS];
  if (!names.includes(phase))
    throw new Error(`--phase ${phase ?? ""}: there is no such phase. It is one of: ${names.join(", ")}.`);
  return { phase, filters: [...args.slice(0, at), ...args.slice(at + 2)] };
}

async function runChecks(checks) {
  const counts = { passed: 0, failed: 0 };
  for (let first = 0; first < checks.length; first += AT_ONCE) {
    const runs = checks
      .slice(first, first + AT_ONCE)
      .map((check) => ({ ...check, run: runTool(check.tool, check.args()) }));
    for (const { name, run } of runs) {
      const { code, seconds, output } = await run;
      counts[code === 0 ? "passed" : "failed"] += 1;
      printPhase({ name, outcome: code === 0 ? "clean" : "failed", seconds });
      if (code !== 0) console.log(output.trimEnd());
    }
  }
  return counts;
}

async function runTests(filters) {
  const folder = await mkdtemp(join(tmpdir(), "wavegate-test-"));
  const report = join(folder, "report.json");
  try {
    const reporters = ["--reporter=default", `--reporter=${join(PROJECT, "scripts", "vitest-report.mjs")}`];
    // A test that is named is run, however long it takes.
    const extras = [...LONG_TESTS, ...DEBIAN_TESTS.flatMap(({ tests }) => tests)];
    const excludes = filters.length > 0 ? [] : extras.map((path) => `--exclude=${globOf(path)}`);
    const { code, seconds, output } = await runTool(
      "vitest/vitest.mjs",
      ["run", ...reporters, ...(filters.length > 0 ? [] : [TOGETHER]), ...excludes, ...filters],
      {
        WAVEGATE_TEST_REPORT: report,
      },
    );
    const tests = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : [];
    const passed = countTests(tests, "passed");
    // A run that failed without a failed test (no file matches, vitest itself broke) is a failure all the same.
    const failed = countTests(tests, "failed") || (code === 0 && tests.length > 0 ? 0 : 1);
    printPhase({ name: TESTS, outcome: failed === 0 ? `${passed} passed` : `${failed} failed`, seconds });
    if (failed > 0) console.log(output.trimEnd());
    console.log(summarizeTests(tests).join("\n"));
    return { passed, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Run one of the installed tools on the project's Node and keep what it says. */
async function runTool(tool, args, env = {}) {
  const started = performance.now();
  const node = findPinnedNode();
  const child = spawn(node, [join(PROJECT, "node_modules", tool), ...args], {
    cwd: PROJECT,
    // In a pipe nobody draws colours, whatever the environment says of CI.
    env: environmentWith(node, process.stdout.isTTY ? env : { ...env, NO_COLOR: "1", FORCE_COLOR: "0" }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await exitCode(child);
  return { code, output, seconds: (performance.now() - started) / 1000 };
}

function globOf(path) {
  return path.endsWith("/") ? `${path}**` : path;
}

function printPhase({ name, outcome, seconds }) {
  console.log(`${name.padEnd(10)}  ${outcome} in ${seconds.toFixed(1)} s`);
}
