import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { contradictionsIn } from "./configuration/checks.ts";
import { closestKey } from "./configuration/closest-key.ts";
import type { Contradiction } from "./configuration/device-checks.ts";
import { HINTS } from "./configuration/hints.ts";
import { configurationSchema, type ConfigurationValues } from "./configuration/schema.ts";

/** What a stack sets, checked: the `wavegate:` keys of its `Pulumi.<stack>.yaml`. */
export type StackConfiguration = ConfigurationValues;

/** Something wrong with the stack's configuration, and what to type. */
export interface ConfigurationProblem {
  /** The key, and the place inside its value. */
  readonly path: string;
  readonly summary: string;
  readonly hint: string;
}

type Path = readonly PropertyKey[];

/** Check a stack's configuration, as Pulumi hands it to the program: `project:key` to text. All problems at once. */
export function parseStackConfiguration(
  entries: Readonly<Record<string, string>>,
  project: string,
):
  | { readonly configuration: StackConfiguration; readonly problems: readonly [] }
  | { readonly configuration?: undefined; readonly problems: readonly ConfigurationProblem[] } {
  const own = Object.entries(entries).flatMap(([key, text]): [string, unknown][] =>
    key.startsWith(`${project}:`) ? [[key.slice(project.length + 1), valueOf(text)]] : [],
  );
  const given = Object.fromEntries(own);
  let contradictions: readonly Contradiction[] | undefined;
  // Called unless a value is of another kind altogether; then the keys that are right are held against each other.
  const parsed = configurationSchema
    .superRefine((values) => void (contradictions = contradictionsIn(values)))
    .safeParse(given);
  const issues = parsed.success ? [] : parsed.error.issues;
  contradictions ??= contradictionsIn(rightOnes(given));
  const problems = [
    ...issues.flatMap((issue) => problemsOf(issue, project)),
    ...contradictions
      // What is wrong by itself is told once.
      .filter(({ path }) => !issues.some((issue) => isDeepStrictEqual(issue.path, path)))
      .map(({ path, summary }) => problemAt(project, path, summary)),
  ];
  return parsed.success && problems.length === 0
    ? { configuration: parsed.data, problems: [] }
    : { problems };
}

/** The problems as one text for a person, each with what to type. */
export function describeProblems(problems: readonly ConfigurationProblem[]): string {
  const lines = problems.map(({ path, summary, hint }) => `- ${path}: ${summary}\n    ${hint}`);
  return [
    `the stack's configuration has ${problems.length} ${problems.length === 1 ? "problem" : "problems"}:`,
    ...lines,
  ].join("\n");
}

/** Pulumi passes numbers, booleans and structures as JSON, and text bare. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function rightOnes(given: Readonly<Record<string, unknown>>): Partial<ConfigurationValues> {
  const entries = Object.entries(configurationSchema.shape).flatMap(([key, schema]): [string, unknown][] => {
    const parsed = schema.safeParse(given[key]);
    return parsed.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(entries);
}

function problemsOf(issue: z.core.$ZodIssue, project: string): ConfigurationProblem[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((unknown) => unknownKey(project, issue.path, unknown));
  // Of a union's arms the last is the one that says what a value looks like; the first is "none".
  const inner = issue.code === "invalid_union" ? issue.errors.at(-1)?.[0]?.message : undefined;
  return [problemAt(project, issue.path, inner ?? issue.message)];
}

function unknownKey(project: string, parents: Path, unknown: string): ConfigurationProblem {
  const path = [...parents, unknown];
  if (parents.length > 0) return problemAt(project, path, "is no setting known here");
  const known = Object.keys(HINTS);
  const near = closestKey(unknown, known);
  const hint =
    near === undefined
      ? `pulumi config rm ${unknown}   (known are ${known.join(", ")})`
      : `did you mean "${near}"? pulumi config rm ${unknown}; pulumi config set ${near} ...`;
  return { path: pathOf(project, path), summary: "is no setting known here", hint };
}

function problemAt(project: string, path: Path, summary: string): ConfigurationProblem {
  const known = Object.entries(HINTS).find(([name]) => name === path[0]);
  const hint = known?.[1] ?? "correct the value in the stack's file and run Pulumi again";
  return { path: pathOf(project, path), summary, hint };
}

function pathOf(project: string, path: Path): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return `${project}:${place.slice(1)}`;
}
