import { codeBlocks, withoutBlocks } from "./doc-files.ts";

/** What a page has its reader do, in order. */
export type PageStep =
  /** Type a line. */
  | { readonly kind: "line"; readonly line: string }
  /** Write a file of the repository. */
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  /** Add to the settings. */
  | { readonly kind: "settings"; readonly text: string };

/** The steps of a page: blocks for a shell, files that name their path, settings; and commands in the text, by default. */
export function pageSteps(text: string, { inText = true } = {}): readonly PageStep[] {
  const blocks = codeBlocks(text).map(({ language, line, lines }) => ({
    line,
    steps: stepsOfBlock(language, lines),
  }));
  const commands = withoutBlocks(inText ? text : "")
    .split("\n")
    .flatMap((prose, index) =>
      [...prose.matchAll(/`(npx wavegate [^`]+)`/g)].map(([, line = ""]) => ({
        line: index + 1,
        steps: [{ kind: "line", line } as const],
      })),
    );
  return [...blocks, ...commands].sort((a, b) => a.line - b.line).flatMap(({ steps }) => steps);
}

function stepsOfBlock(language: string, lines: readonly string[]): readonly PageStep[] {
  const text = lines.join("\n");
  if (language === "sh") return lines.map((line) => ({ kind: "line", line: line.trim() }));
  if (language === "json") return [{ kind: "settings", text }];
  const [, path] = /^\s*\/\/ (rollout\/\S+)\n/.exec(text) ?? [];
  return path === undefined ? [] : [{ kind: "file", path, text }];
}
