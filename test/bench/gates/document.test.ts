import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONTENDERS } from "../../../bench/gates/contenders.ts";
import { BUILT } from "../../../bench/gates/losses.ts";
import { withMeasured } from "../../../bench/gates/document.ts";
import { comparisonPictures } from "../../../bench/gates/pictures.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const DOCUMENT = readFileSync(new URL("gates-comparison.md", DOCS), "utf8");

/** The cells of a table, by row. */
function cellsOf(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

describe("docs/gates-comparison.md", () => {
  it("has the places that the bench writes, and every rule in them", () => {
    const written = withMeasured(DOCUMENT, { losses: "L", tables: "T" });
    expect(written).toContain("<!-- bench gates losses -->\n\nL\n\n<!-- bench gates losses end -->");
    expect(written).toContain("<!-- bench gates tables -->\n\nT\n\n<!-- bench gates tables end -->");
    expect(withMeasured(written, { losses: "L", tables: "T" })).toBe(written);
    for (const { name } of CONTENDERS) expect(DOCUMENT).toContain(`| ${name} `);
  });

  it("shows every picture of the bench", () => {
    for (const name of comparisonPictures([], []).keys()) {
      expect(DOCUMENT).toContain(`(images/${name})`);
      expect(readFileSync(new URL(`images/${name}`, DOCS), "utf8")).toMatch(/^<svg /);
    }
  });

  it("has the numbers that the README shows", () => {
    const readme = readFileSync(new URL("../README.md", DOCS), "utf8");
    const [heading = [], , ...rows] = cellsOf(
      /<!-- bench gates harmed -->([^]*)<!-- bench gates harmed end -->/.exec(readme)![1]!,
    );
    expect(rows.map(([name]) => name)).toEqual(BUILT);
    for (const [at, defect] of heading.entries()) {
      if (at === 0) continue;
      const [, rate, kind] = /^(\S+) (.*)$/.exec(defect)!;
      const [rates = [], , ...page] = cellsOf(
        DOCUMENT.split(`### Tuned: ${kind!}\n`)[1]!.split("\nStopped")[0]!,
      );
      for (const row of rows) {
        const own = page.find(([name]) => name === row[0])!;
        expect(own[rates.indexOf(rate!)]!.replace(/ \([\d,]+\)/, "")).toBe(row[at]);
      }
    }
  });

  it("refuses a document without such a place", () => {
    expect(() => withMeasured("text", { losses: "", tables: "" })).toThrow(/no <!-- bench gates losses -->/);
  });
});
