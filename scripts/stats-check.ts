/**
 * Checks the gate's arithmetic against a file of reference values: `npm run stats:check -- FILE`.
 *
 * Every value is computed by the code the gate runs: its own functions, or (logBeta, betaCdf) one line over them. A value outside its tolerance, a function of the gate
 * that the file asks for and this script lacks, and a file that checks nothing all exit with 1. The file's format is
 * that of test/fixtures/stats-reference.json.
 */
import { readFile } from "node:fs/promises";
import { abortBoundary } from "../rollout/gate/abort-boundary.ts";
import { betaCdf } from "../rollout/gate/beta-tails.ts";
import { logEAbort } from "../rollout/gate/log-e-abort.ts";
import { logEPromote } from "../rollout/gate/log-e-promote.ts";
import { logBeta } from "../rollout/gate/log-beta.ts";
import { minWaveSize } from "../rollout/gate/min-wave-size.ts";
import { mixtureLogE } from "../rollout/gate/mixture-log-e.ts";
import { promoteBoundary } from "../rollout/gate/promote-boundary.ts";

/** What a gate decides with: a file that names one of these must have it checked. */
export const GATE_FUNCTIONS = [
  "logBeta",
  "betaCdf",
  "mixtureLogE",
  "logEAbort",
  "logEPromote",
  "abortBoundary",
  "promoteBoundary",
  "minWaveSize",
] as const;

/** Looks up a numeric argument of an entry; refuses one that is missing or no number. */
type Arguments = (name: string) => number;

/** The functions this script can evaluate, by the name the file gives them. */
export const KNOWN_FUNCTIONS: ReadonlyMap<string, (of: Arguments) => number> = new Map([
  ["logBeta", (of) => logBeta({ a: of("a"), b: of("b") })],
  ["betaCdf", (of) => betaCdf({ x: of("x"), a: of("a"), b: of("b") })],
  ["mixtureLogE", (of) => mixtureLogE({ k: of("k"), n: of("n"), p: of("p"), a: of("a"), b: of("b") })],
  ["logEAbort", (of) => logEAbort({ k: of("k"), n: of("n"), p0: of("p0"), a: of("a"), b: of("b") })],
  ["logEPromote", (of) => logEPromote({ k: of("k"), n: of("n"), p1: of("p1"), a: of("a"), b: of("b") })],
  [
    "abortBoundary",
    (of) => abortBoundary({ n: of("n"), p0: of("p0"), alpha: of("alpha"), a: of("a"), b: of("b") }),
  ],
  [
    "promoteBoundary",
    (of) => promoteBoundary({ n: of("n"), p1: of("p1"), beta: of("beta"), a: of("a"), b: of("b") }),
  ],
  [
    "minWaveSize",
    (of) => minWaveSize({ maxFailuresAllowed: of("maxFailuresAllowed"), pMax: of("pMax"), conf: of("conf") }),
  ],
]);

/** What a check found: the lines to print, and whether everything held. */
export interface StatsReport {
  readonly ok: boolean;
  readonly lines: readonly string[];
}

interface Row {
  readonly fn: string;
  entries: number;
  worst: number;
  readonly failures: string[];
}

/** Check the text of a reference file; trouble with the file itself is thrown as an Error that says what and where. */
export function checkStatistics(text: string, known = KNOWN_FUNCTIONS): StatsReport {
  const rows = new Map<string, Row>();
  const unknown = new Map<string, number>();
  for (const [index, raw] of entriesOf(text).entries()) {
    const entry = recordOf(raw, `entry ${index}`);
    const { id, fn } = entry;
    const where = typeof id === "string" ? id : `entry ${index}`;
    if (typeof fn !== "string" || fn === "") throw new Error(`${where}: fn must name a function`);
    const evaluate = known.get(fn);
    if (evaluate === undefined) {
      unknown.set(fn, (unknown.get(fn) ?? 0) + 1);
      continue;
    }
    const row = rows.get(fn) ?? { fn, entries: 0, worst: 0, failures: [] };
    rows.set(fn, row);
    checkEntry({ entry, where, row, evaluate });
  }
  return report([...rows.values()], unknown);
}

function checkEntry(input: {
  readonly entry: Readonly<Record<string, unknown>>;
  readonly where: string;
  readonly row: Row;
  readonly evaluate: (of: Arguments) => number;
}): void {
  const { entry, where, row, evaluate } = input;
  const wanted = numberOf(entry["value"], `${where}: value`);
  const args = recordOf(entry["args"], `${where}: args`);
  const tolerance = toleranceOf(entry["tol"], `${where}: tol`);
  row.entries++;
  let got: number;
  try {
    got = evaluate((name) => numberOf(args[name], `${where}: args.${name}`));
  } catch (error) {
    // A value the kernel refuses to compute is a wrong value; a broken file is reported as such.
    if (!(error instanceof RangeError)) throw error;
    row.worst = Infinity;
    row.failures.push(`${where}: ${error.message}`);
    return;
  }
  const difference = Math.abs(got - wanted);
  const relative = difference === 0 ? 0 : difference / Math.abs(wanted);
  // Written so that NaN fails.
  const holds = difference <= tolerance.abs || relative <= tolerance.rel;
  row.worst = Math.max(row.worst, Number.isNaN(relative) ? Infinity : relative);
  if (!holds) row.failures.push(`${where}: computed ${got}, the file says ${wanted}`);
}

function report(rows: readonly Row[], unknown: ReadonlyMap<string, number>): StatsReport {
  const width = Math.max(0, ...rows.map(({ fn }) => fn.length));
  const lines = rows.flatMap(({ fn, entries, worst, failures }) => [
    `${fn.padEnd(width)}  ${String(entries).padStart(4)} ${entries === 1 ? "entry  " : "entries"}  worst relative error ${worst.toExponential(1).padStart(7)}  ${failures.length === 0 ? "ok" : "FAILED"}`,
    ...failures.map((failure) => `  ${failure}`),
  ]);
  if (unknown.size > 0) {
    lines.push(
      `not checked, no function of the gate: ${[...unknown].map(([fn, count]) => `${fn} (${count})`).join(", ")}`,
    );
  }
  const lacking = GATE_FUNCTIONS.filter((fn) => unknown.has(fn));
  if (lacking.length > 0)
    lines.push(`FAILED: the gate decides with ${lacking.join(", ")}, which this script cannot evaluate`);
  if (rows.length === 0) lines.push("FAILED: the file names no function of the gate, so nothing was checked");
  const failed = rows.reduce((sum, { failures }) => sum + failures.length, 0);
  if (failed > 0) lines.push(`FAILED: ${failed} ${failed === 1 ? "value is" : "values are"} wrong`);
  const ok = failed === 0 && lacking.length === 0 && rows.length > 0;
  if (ok)
    lines.push(
      `ok: ${rows.reduce((sum, { entries }) => sum + entries, 0)} values of ${rows.length} functions`,
    );
  return { ok, lines };
}

function entriesOf(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error("it is no JSON", { cause: error });
  }
  const { entries } = recordOf(parsed, "the file");
  if (!Array.isArray(entries)) throw new Error('it has no list "entries"');
  return entries;
}

function toleranceOf(value: unknown, where: string): { readonly rel: number; readonly abs: number } {
  if (value === "exact") return { rel: 0, abs: 0 };
  const { rel, abs } = recordOf(value, `${where} ("exact" or {rel, abs})`);
  const tolerance = { rel: numberOf(rel, `${where}.rel`), abs: numberOf(abs, `${where}.abs`) };
  if (tolerance.rel < 0 || tolerance.rel >= 1 || tolerance.abs < 0) {
    throw new Error(`${where}: rel must be in 0..1 and abs not negative`);
  }
  return tolerance;
}

function recordOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${where} must be an object`);
  // Any object that is no array can be read by its keys.
  return value as Readonly<Record<string, unknown>>;
}

function numberOf(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(`${where} must be a finite number`);
  return value;
}

async function main(file: string | undefined): Promise<boolean> {
  if (file === undefined) {
    console.error("Which file? npm run stats:check -- test/fixtures/stats-reference.json");
    return false;
  }
  try {
    const { ok, lines } = checkStatistics(await readFile(file, "utf8"));
    for (const line of lines) console.log(line);
    return ok;
  } catch (error) {
    console.error(
      `FAILED: ${file} cannot be checked: ${error instanceof Error ? error.message : String(error)}`,
    );
    return false;
  }
}

if (import.meta.main && !(await main(process.argv[2]))) process.exitCode = 1;
