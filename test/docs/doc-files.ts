import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../support/command-line.ts";

/** A page of Markdown, by its path in the project. */
export interface DocPage {
  readonly path: string;
  readonly text: string;
}

/** Every page that people read: docs, examples, templates, and those at the root. */
export function docPages(): readonly DocPage[] {
  return globSync(["*.md", "{docs,examples,templates}/**/*.md"], { cwd: PROJECT })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(PROJECT, path), "utf8") }));
}

/** The fenced blocks of a page, with their language and the line they begin at. */
export function codeBlocks(
  text: string,
): readonly { readonly language: string; readonly line: number; readonly lines: readonly string[] }[] {
  const blocks: { language: string; line: number; lines: string[] }[] = [];
  let fence: string | undefined;
  text.split("\n").forEach((line, index) => {
    const [, ticks, language = ""] = /^\s*(`{3,})(.*)$/.exec(line) ?? [];
    if (fence === undefined && ticks !== undefined) {
      fence = ticks;
      blocks.push({ language: language.trim(), line: index + 1, lines: [] });
    } else if (fence !== undefined && ticks === fence && language === "") fence = undefined;
    else if (fence !== undefined) blocks.at(-1)?.lines.push(line);
  });
  return blocks;
}

/** The text with its fenced blocks taken out, line for line. */
export function withoutBlocks(text: string): string {
  let fence: string | undefined;
  return text
    .split("\n")
    .map((line) => {
      const [, ticks] = /^\s*(`{3,})/.exec(line) ?? [];
      if (ticks !== undefined) fence = fence === undefined ? ticks : ticks === fence ? undefined : fence;
      return ticks !== undefined || fence !== undefined ? "" : line;
    })
    .join("\n");
}

/** What stands under a heading of the second level. */
export function section(text: string, heading: string): string {
  const [, rest] = text.split(`\n## ${heading}\n`);
  if (rest === undefined) throw new Error(`no heading "${heading}"`);
  return rest.split("\n## ")[0] ?? "";
}

/** Words of a shell's line, up to a pipe, a redirection or the next command. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word, double, single] of line.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)) {
    if (double === undefined && single === undefined && /^(\||\|\||&&|;|>|<|2>)/.test(word)) break;
    if (!/^(\.\.\.|…)$/.test(word)) words.push(double ?? single ?? word);
  }
  return words;
}
