/**
 * Checks the statistics against a file of reference values: `npm run stats:check -- FILE`.
 *
 * Every value is computed by the code that the gate and the forecast run (`reference-functions.ts`). A value outside its
 * tolerance, a function that this script does not know, and a file that checks nothing all exit with 1. The file's format
 * is that of test/fixtures/stats-reference.json: a value is a number or a list of numbers.
 */
import { readFile } from "node:fs/promises";
import { REFERENCE_FUNCTIONS, type Arguments, type Evaluate } from "./reference-functions.ts";

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
export function checkStatistics(text: string, known = REFERENCE_FUNCTIONS): StatsReport {
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
  readonly evaluate: Evaluate;
}): void {
  const { entry, where, row, evaluate } = input;
  const wanted = numbersOf(entry["value"], `${where}: value`);
  const tolerance = toleranceOf(entry["tol"], `${where}: tol`);
  row.entries++;
  let got: readonly number[];
  try {
    got = [evaluate(argumentsOf(recordOf(entry["args"], `${where}: args`), where))].flat();
  } catch (error) {
    // A value the kernel refuses to compute is a wrong value; a broken file is reported as such.
    if (!(error instanceof RangeError)) throw error;
    row.worst = Infinity;
    row.failures.push(`${where}: ${error.message}`);
    return;
  }
  const errors = wanted.map((value, index) => errorOf(got[index], value));
  row.worst = Math.max(row.worst, ...errors.map(({ relative }) => relative));
  // Written so that NaN fails.
  const holds = errors.every(
    ({ absolute, relative }) => absolute <= tolerance.abs || relative <= tolerance.rel,
  );
  if (!holds || got.length !== wanted.length)
    row.failures.push(`${where}: computed ${got.join(", ")}, the file says ${wanted.join(", ")}`);
}

function errorOf(
  got: number | undefined,
  wanted: number,
): { readonly absolute: number; readonly relative: number } {
  const absolute = got === undefined ? Infinity : Math.abs(got - wanted);
  const relative = absolute === 0 ? 0 : absolute / Math.abs(wanted);
  return { absolute, relative: Number.isNaN(relative) ? Infinity : relative };
}

/** Arguments of one entry; one that is missing or of another kind is trouble with the file. */
function argumentsOf(args: Readonly<Record<string, unknown>>, where: string): Arguments {
  const list = (name: string): readonly unknown[] => {
    const value = args[name];
    if (!Array.isArray(value)) throw new Error(`${where}: args.${name} must be a list`);
    return value;
  };
  return {
    number: (name) => numberOf(args[name], `${where}: args.${name}`),
    numbers: (name) => list(name).map((value, index) => numberOf(value, `${where}: args.${name}[${index}]`)),
    records: (name) =>
      list(name).map((value, index) => {
        const item = `${where}: args.${name}[${index}]`;
        const record = recordOf(value, item);
        return (field) => numberOf(record[field], `${item}.${field}`);
      }),
  };
}

function report(rows: readonly Row[], unknown: ReadonlyMap<string, number>): StatsReport {
  const width = Math.max(0, ...rows.map(({ fn }) => fn.length));
  const lines = rows.flatMap(({ fn, entries, worst, failures }) => [
    `${fn.padEnd(width)}  ${String(entries).padStart(4)} ${entries === 1 ? "entry  " : "entries"}  worst relative error ${worst.toExponential(1).padStart(7)}  ${failures.length === 0 ? "ok" : "FAILED"}`,
    ...failures.map((failure) => `  ${failure}`),
  ]);
  if (unknown.size > 0) {
    const names = [...unknown].map(([fn, count]) => `${fn} (${count})`).join(", ");
    lines.push(`FAILED: not checked, because this script does not know ${names}`);
  }
  if (rows.length === 0)
    lines.push("FAILED: the file names no function that is known, so nothing was checked");
  const failed = rows.reduce((sum, { failures }) => sum + failures.length, 0);
  if (failed > 0) lines.push(`FAILED: ${failed} ${failed === 1 ? "value is" : "values are"} wrong`);
  const ok = failed === 0 && unknown.size === 0 && rows.length > 0;
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

function numbersOf(value: unknown, where: string): readonly number[] {
  if (!Array.isArray(value)) return [numberOf(value, where)];
  if (value.length === 0) throw new Error(`${where} must hold a number`);
  return value.map((item, index) => numberOf(item, `${where}[${index}]`));
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
