import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REFERENCE_FUNCTIONS } from "../../scripts/reference-functions.ts";
import { checkStatistics } from "../../scripts/stats-check.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/stats-check.ts", import.meta.url));
const FIXTURE = fileURLToPath(new URL("../fixtures/stats-reference.json", import.meta.url));

/** A right entry. */
const LOG_BETA = {
  id: "logBeta-a",
  fn: "logBeta",
  args: { a: 1, b: 19 },
  value: -2.94443897916644,
  tol: { rel: 1e-9, abs: 1e-12 },
};
const BOUNDARY = {
  id: "abortBoundary-a",
  fn: "abortBoundary",
  args: { n: 5, p0: 0.01, alpha: 0.05, a: 1, b: 19 },
  value: 2,
  tol: "exact",
};
const INTERVAL = {
  id: "wilson-a",
  fn: "wilson",
  args: { k: 0, n: 5, conf: 0.95 },
  value: [0, 0.4344824647831748],
  tol: { rel: 1e-9, abs: 1e-12 },
};

describe("npm run stats:check", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "stats-check-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("passes the reference file, every one of its functions", () => {
    const { status, stdout } = run(FIXTURE);
    expect(status).toBe(0);
    for (const fn of REFERENCE_FUNCTIONS.keys())
      expect(stdout).toMatch(
        new RegExp(`^${fn} +\\d+ (entries|entry) +worst relative error +\\S+ +ok$`, "m"),
      );
    expect(stdout).toMatch(/^ok: 109 values of 33 functions$/m);
  });

  it("fails a file with one wrong value and shows it", () => {
    const text = readFileSync(FIXTURE, "utf8");
    // The reference has 3.003504723910457: off by 1e-7.
    const { status, stdout } = run(save(text.replace("3.003504723910457", "3.003505023910457")));
    expect(status).toBe(1);
    expect(stdout).toMatch(/^logEPromote .*FAILED$/m);
    expect(stdout).toContain("logEPromote-01: computed 3.0035047239104");
    expect(stdout).toMatch(/^logEAbort .*ok$/m);
    expect(stdout).toMatch(/^FAILED: 1 value is wrong$/m);
  });

  it("fails a file that checks nothing: no entries, or no function that is known", () => {
    for (const entries of [[], [{ ...LOG_BETA, fn: "studentT" }]]) {
      const { status, stdout } = run(save(JSON.stringify({ entries })));
      expect(status).toBe(1);
      expect(stdout).toContain("nothing was checked");
    }
  });

  it.each([
    ["a file that is not there", undefined],
    ["no JSON", "{ entries: NaN }"],
    ["an empty file", ""],
    ["a list", "[]"],
    ["no entries", "{}"],
    [
      "a value NaN",
      '{"entries": [{"fn": "logBeta", "args": {"a": 1, "b": 2}, "value": NaN, "tol": "exact"}]}',
    ],
  ])("fails on %s, and says so", (_, text) => {
    const { status, stderr } = run(text === undefined ? join(folder, "missing.json") : save(text));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^FAILED: .* cannot be checked: ./);
  });

  it("asks which file when it is given none", () => {
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr).toContain("npm run stats:check -- ");
  });

  function save(text: string): string {
    const file = join(folder, "reference.json");
    writeFileSync(file, text);
    return file;
  }

  function run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
    return { status, stdout, stderr };
  }
});

describe("a reference file", () => {
  it("is held to its tolerance: relative or absolute, whichever is met", () => {
    expect(check({ ...LOG_BETA, value: LOG_BETA.value * (1 + 9e-10) }).ok).toBe(true);
    expect(check({ ...LOG_BETA, value: LOG_BETA.value * (1 + 2e-9) }).ok).toBe(false);
    expect(check({ ...LOG_BETA, args: { a: 1, b: 1 }, value: 9e-13 }).ok).toBe(true);
    expect(check({ ...LOG_BETA, args: { a: 1, b: 1 }, value: 2e-12 }).ok).toBe(false);
  });

  it("has its integers met exactly", () => {
    expect(check(BOUNDARY).ok).toBe(true);
    expect(check({ ...BOUNDARY, value: 3 }).ok).toBe(false);
    expect(check({ ...BOUNDARY, value: 2.000000001 }).ok).toBe(false);
  });

  it("fails where the gate refuses to compute a value", () => {
    const { ok, lines } = check({ ...LOG_BETA, args: { a: -1, b: 19 } });
    expect(ok).toBe(false);
    expect(lines.join("\n")).toContain("logBeta-a: a must be a finite number above 0; it is -1");
  });

  it("fails when it asks for a function that is not known, even if all others are right", () => {
    const { ok, lines } = check(
      LOG_BETA,
      { ...LOG_BETA, fn: "constructor" },
      { ...LOG_BETA, fn: "studentT" },
    );
    expect(ok).toBe(false);
    expect(lines.join("\n")).toContain("this script does not know constructor (1), studentT (1)");
    for (const fn of REFERENCE_FUNCTIONS.keys()) {
      const without = new Map([...REFERENCE_FUNCTIONS].filter(([name]) => name !== fn));
      const right = fn === "logBeta" ? BOUNDARY : LOG_BETA;
      expect(
        checkStatistics(JSON.stringify({ entries: [right, { ...LOG_BETA, fn }] }), without).lines,
      ).toContain(`FAILED: not checked, because this script does not know ${fn} (1)`);
    }
  });

  it("has every number of a list held to the tolerance, and their count met", () => {
    expect(check(INTERVAL).ok).toBe(true);
    for (const value of [
      [INTERVAL.value[0], 0.4344824740831],
      [0.1, INTERVAL.value[1]],
      INTERVAL.value.slice(0, 1),
      [...INTERVAL.value, 0],
    ])
      expect(check({ ...INTERVAL, value }).ok).toBe(false);
  });

  it.each([
    ["an entry that is no object", 7, "entry 0 must be an object"],
    ["no function", { ...LOG_BETA, fn: undefined }, "logBeta-a: fn"],
    ["no value", { ...LOG_BETA, value: undefined }, "logBeta-a: value must be a finite number"],
    ["a value null, as NaN is written by many tools", { ...LOG_BETA, value: null }, "logBeta-a: value"],
    ["a value as text", { ...LOG_BETA, value: "-2.94443897916644" }, "logBeta-a: value"],
    ["an empty list of values", { ...INTERVAL, value: [] }, "wilson-a: value must hold a number"],
    ["a value in a list that is none", { ...INTERVAL, value: [0, null] }, "wilson-a: value[1]"],
    [
      "a list that is none",
      { ...INTERVAL, fn: "kaplanMeier", args: { times: [], event: 7 } },
      "wilson-a: args.event must be a list",
    ],
    ["no arguments", { ...LOG_BETA, args: undefined }, "logBeta-a: args"],
    ["an argument missing", { ...LOG_BETA, args: { a: 1 } }, "logBeta-a: args.b"],
    ["an argument as text", { ...LOG_BETA, args: { a: "1", b: 19 } }, "logBeta-a: args.a"],
    ["no tolerance", { ...LOG_BETA, tol: undefined }, "logBeta-a: tol"],
    ["half a tolerance", { ...LOG_BETA, tol: { rel: 1e-9 } }, "logBeta-a: tol.abs"],
    ["a negative tolerance", { ...LOG_BETA, tol: { rel: -1, abs: 0 } }, "logBeta-a: tol"],
    ["a tolerance nothing can miss", { ...LOG_BETA, tol: { rel: 1, abs: 0 } }, "logBeta-a: tol"],
    ["another word for exact", { ...LOG_BETA, tol: "about" }, "logBeta-a: tol"],
  ])("is refused for %s", (_, entry, message) => {
    expect(() => check(entry)).toThrow(message);
  });

  function check(...entries: readonly unknown[]): ReturnType<typeof checkStatistics> {
    return checkStatistics(JSON.stringify({ entries }));
  }
});
