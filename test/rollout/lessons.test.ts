import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultsOf as faultsOfTests, namedTests, type NamedTest } from "../docs/proofs.ts";

const ROOT = new URL("../../", import.meta.url);
const THREADS = 25;

/** One row of the table: its number, and the tests or the reason it gives. */
interface Row {
  readonly thread: number;
  readonly cells: readonly string[];
  readonly tests: readonly NamedTest[];
  readonly reason: string | undefined;
}

function rowsOf(document: string): readonly Row[] {
  return document
    .split("\n")
    .filter((line) => /^\| *\d+ *\|/.test(line))
    .map((line) => {
      const cells = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      const proof = cells[4] ?? "";
      return {
        thread: Number(cells[0]),
        cells,
        tests: namedTests(proof),
        reason: /\*\*Not covered:\*\* (.+)$/.exec(proof)?.[1],
      };
    });
}

/** Why a row does not stand; empty: it does. */
function faultsOf(
  { thread, cells, tests, reason }: Row,
  read?: (file: string) => string | undefined,
): string[] {
  const faults: string[] = [];
  if (cells.length !== 5 || cells.some((cell) => cell === "")) faults.push(`${thread}: a cell is empty`);
  if (tests.length === 0 && reason === undefined) faults.push(`${thread}: neither a test nor a reason`);
  return [...faults, ...faultsOfTests(tests, read).map((fault) => `${thread}: ${fault}`)];
}

const ROWS = rowsOf(readFileSync(new URL("docs/lessons.md", ROOT), "utf8"));

describe("docs/lessons.md", () => {
  it("has every thread once, in order", () => {
    expect(ROWS.map(({ thread }) => thread)).toEqual(
      Array.from({ length: THREADS }, (_, index) => index + 1),
    );
  });

  it("names, for each, tests that are there, or the reason why none is", () => {
    expect(ROWS.flatMap((row) => faultsOf(row))).toEqual([]);
  });
});

describe("a row that does not stand", () => {
  const row = (proof: string): Row => {
    const [found] = rowsOf(`| 1 | a#1 | wrong | does | ${proof} |`);
    if (found === undefined) throw new Error("no row");
    return found;
  };
  const read = (file: string): string | undefined =>
    file === "test/there.test.ts"
      ? 'describe("x", () => {\n  it("is", f);\n  it.skip("is not", f);'
      : undefined;

  it.each([
    ["stands", '`test/there.test.ts`: "is"', []],
    ["stands by its reason", "**Not covered:** it is none of ours.", []],
    ["has nothing", "soon", ["1: neither a test nor a reason"]],
    ["names a file that is gone", '`test/gone.test.ts`: "is"', ["1: there is no test/gone.test.ts"]],
    ["names a part of a name", '`test/there.test.ts`: "i"', ['1: test/there.test.ts has no test "i"']],
    [
      "names a test that is off",
      '`test/there.test.ts`: "is not"',
      ['1: test/there.test.ts has no test "is not"'],
    ],
    [
      "names two, one of them gone",
      '`test/there.test.ts`: "is"<br>`test/there.test.ts`: "was"',
      ['1: test/there.test.ts has no test "was"'],
    ],
  ])("%s", (_what, proof, faults) => {
    expect(faultsOf(row(proof), read)).toEqual(faults);
  });
});
