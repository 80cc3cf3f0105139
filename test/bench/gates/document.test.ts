import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONTENDERS } from "../../../bench/gates/contenders.ts";
import { withMeasured } from "../../../bench/gates/document.ts";
import { comparisonPictures } from "../../../bench/gates/pictures.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const DOCUMENT = readFileSync(new URL("gates-comparison.md", DOCS), "utf8");

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

  it("refuses a document without such a place", () => {
    expect(() => withMeasured("text", { losses: "", tables: "" })).toThrow(/no <!-- bench gates losses -->/);
  });
});
