import { CODES, type Code } from "../../rollout/model/problem.ts";
import { REMEDIES } from "../../rollout/model/remedies.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";

/** docs/reference/errors.md: every code, what it means and what to do. */
export function errorReference(): string {
  // The keys of the catalogue are its codes.
  const codes = Object.keys(CODES) as Code[];
  return `${[
    generatedHeading("Error codes"),
    "What `wavegate` answers with, on standard error as `CODE: what and which` and `next: what to type`, with `--json` as\n" +
      "`{ error: { code, message, hint, problems } }`. A problem of a plan has severity, code, path, summary and hint; an\n" +
      "error blocks, a warning does not. The line `next` of the message knows more than this table: it names the files, the\n" +
      "numbers and the command.",
    markdownTable(
      ["code", "meaning", "what to do"],
      codes.toSorted().map((code) => [`\`${code}\``, CODES[code], linked(REMEDIES[code])]),
    ),
  ].join("\n\n")}\n`;
}

/** Pages that a remedy names, by their path below docs/, as links. */
function linked(text: string): string {
  return text.replaceAll(/[a-z/-]+\.md\b/g, (page) => `[${page}](../${page})`);
}
