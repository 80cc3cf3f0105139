import { describe, expect, it } from "vitest";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../support/command-line.ts";
import { docPages } from "./doc-files.ts";
import { faultsOf, namedTests } from "./proofs.ts";

describe("tests that pages name", () => {
  const pages = docPages();

  it("are there, by file and title, and run", () => {
    const named = pages.map(({ path, text }) => ({ path, tests: namedTests(text) }));
    expect(named.flatMap(({ tests }) => tests).length).toBeGreaterThan(100);
    expect(named.flatMap(({ path, tests }) => faultsOf(tests).map((fault) => `${path}: ${fault}`))).toEqual(
      [],
    );
  });

  it("are in files that are there, where no title is told", () => {
    const files = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\btest\/[\w./-]+\.ts\b/g)].map(([file]) => ({ path, file })),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter(({ file }) => !existsSync(join(PROJECT, file)))).toEqual([]);
  });
});
