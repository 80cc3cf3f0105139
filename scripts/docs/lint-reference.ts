import { LINT_RULES } from "../../rollout/plan/risks/lint-rules.ts";
import { generatedHeading, markdownTable } from "./markdown-table.ts";

/** docs/reference/lint.md: what speaks against a release, rule by rule. */
export function lintReference(): string {
  return `${[
    generatedHeading("Lint"),
    "What nothing forbids and yet speaks against a release on **this** fleet. `wavegate plan` shows it as warnings, each\n" +
      "with its numbers, computed exactly (no simulation), and a way to mend it; `wavegate lint` shows what needs no fleet.\n" +
      "A warning blocks nothing. Rows that say *error* block; rows that say *refused* cannot be declared. The codes are\n" +
      "those of [errors.md](errors.md).",
    markdownTable(
      ["rule", "what", "code"],
      LINT_RULES.map(({ rule, meaning, code }) => [rule, meaning, `\`${code}\``]),
    ),
  ].join("\n\n")}\n`;
}
