import type { Problem } from "../../model/problem.ts";

/** Problems for people: what, where, what to do. */
export function renderProblems(problems: readonly Problem[]): string {
  return problems
    .map(
      ({ severity, code, path, summary, hint }) =>
        `${severity} ${code}: ${path}\n  ${summary}\n  next: ${hint}`,
    )
    .join("\n");
}
