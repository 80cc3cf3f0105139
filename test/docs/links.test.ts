import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { PROJECT } from "../support/command-line.ts";
import { docPages, withoutBlocks, type DocPage } from "./doc-files.ts";

const PAGES = docPages();

describe("links between pages", () => {
  it("lead to files and headings that are there", () => {
    expect(PAGES.length).toBeGreaterThan(30);
    expect(PAGES.flatMap(brokenLinks)).toEqual([]);
  });

  it("reach every page of docs from the map", () => {
    const reached = new Set<string>();
    const walk = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      const page = PAGES.find((one) => one.path === path);
      for (const link of page === undefined ? [] : linksOf(page))
        if (link.file !== undefined) walk(relative(PROJECT, link.file));
    };
    walk("docs/README.md");
    const docs = PAGES.map(({ path }) => path).filter((path) => path.startsWith("docs/"));
    expect(docs.filter((path) => !reached.has(path) && !path.startsWith("docs/decisions/"))).toEqual([]);
  });
});

describe("a link", () => {
  it.each([
    ["to a page that is gone is found", "[x](gone.md)", ["docs/a.md: gone.md is not there"]],
    ["to a heading that is gone is found", "[x](#gone)", ["docs/a.md: #gone is no heading of docs/a.md"]],
    ["of a picture that is gone is found", '<img src="gone.svg">', ["docs/a.md: gone.svg is not there"]],
    ["to somebody else is left alone", "[x](https://example.com/gone.md)", []],
    ["in a block of code is none", "```\n[x](gone.md)\n```", []],
  ])("%s", (_, text, found) => {
    expect(brokenLinks({ path: "docs/a.md", text: `# A\n${text}\n` })).toEqual(found);
  });
});

interface Link {
  readonly target: string;
  /** Absolute; undefined for another heading of the page. */
  readonly file: string | undefined;
  readonly anchor: string | undefined;
}

function linksOf({ path, text }: DocPage): readonly Link[] {
  // Links and pictures, in the text and in definitions; not what stands in code.
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, "");
  const targets = [
    ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    ...[...prose.matchAll(/ (?:src|srcset|href)="([^"]+)"/g)].map(([, target = ""]) => target),
    ...[...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)].map(([, target = ""]) => target),
  ];
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => {
      const [file = "", anchor] = target.split("#");
      return { target, file: file === "" ? undefined : join(PROJECT, dirname(path), file), anchor };
    });
}

function brokenLinks(page: DocPage): readonly string[] {
  return linksOf(page).flatMap(({ target, file, anchor }) => {
    if (file !== undefined && !existsSync(file)) return [`${page.path}: ${target} is not there`];
    if (anchor === undefined || (file !== undefined && !isMarkdown(file))) return [];
    const text = file === undefined ? page.text : readFileSync(file, "utf8");
    const where = file === undefined ? page.path : relative(PROJECT, file);
    return anchorsOf(text).has(anchor) ? [] : [`${page.path}: ${target} is no heading of ${where}`];
  });
}

function isMarkdown(file: string): boolean {
  return file.endsWith(".md") && statSync(file).isFile();
}

/** Anchors of a page's headings, as GitHub makes them; of two that are alike the second ends in -1. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const plain = heading
      .trim()
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    let anchor = plain;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${plain}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
