import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generatedPages } from "../../scripts/docs/pages.ts";
import { PROJECT } from "../support/command-line.ts";

const PAGES = await generatedPages(PROJECT);

describe("pages that are written from the code", () => {
  // After a change that is meant: npm run docs.
  it.each([...PAGES])("%s is what the code says", async (path, text) => {
    expect(await readFile(join(PROJECT, path), "utf8")).toBe(text);
  });
});
