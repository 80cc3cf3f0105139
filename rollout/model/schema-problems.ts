import type { z } from "zod";
import type { Code, Problem } from "./problem.ts";

/** Turn everything a schema found into problems, with the place and a did-you-mean for misspelt keys. */
export function problemsFromZod(input: {
  readonly error: z.ZodError;
  readonly code: Code;
  readonly file: string;
  readonly shape: z.ZodType;
}): Problem[] {
  const known = knownKeys(input.shape);
  return input.error.issues.flatMap(byAlternative).flatMap((issue): Problem[] => {
    const place = issue.path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
      .join("");
    const problem = (at: string, summary: string, hint: string): Problem => ({
      severity: "error",
      code: input.code,
      path: `${input.file}${at === "" ? "" : `: ${at.replace(/^\./, "")}`}`,
      summary,
      hint,
    });
    if (issue.code !== "unrecognized_keys")
      return [problem(place, issue.message, "correct the value and run the command again")];
    return issue.keys.map((key) => {
      const near = closest(key, known);
      return problem(
        `${place}.${key}`,
        `"${key}" is no setting known here`,
        near === undefined ? "remove it" : `did you mean "${near}"?`,
      );
    });
  });
}

type Issue = z.core.$ZodIssue;

/** What is wrong with a value that may be written in several ways: with the way it was meant, told by the kind of value. */
function byAlternative(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const isOfOtherKind = ({ code, path }: Issue): boolean => code === "invalid_type" && path.length === 0;
  const meant = issue.errors.find((issues) => !issues.some(isOfOtherKind)) ?? issue.errors[0] ?? [];
  return meant.map((found) => ({ ...found, path: [...issue.path, ...found.path] }));
}

/** The known word nearest to a misspelt one: at most two letters apart. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({
    candidate,
    distance: editDistance(word.toLowerCase(), candidate.toLowerCase()),
  }));
  ranked.sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= 2 ? best.candidate : undefined;
}

/** Every key that occurs anywhere in an object schema, for did-you-mean. */
function knownKeys(schema: z.ZodType, seen = new Set<unknown>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  // Zod 4 keeps a schema's parts under `def`; the ones that hold schemas are walked, whatever they are called.
  const definition = schema.def as unknown as Record<string, unknown>;
  return Object.entries(definition).flatMap(([part, value]) => {
    if (typeof value !== "object" || value === null) return [];
    if (part === "shape") {
      return Object.entries(value as Record<string, z.ZodType>).flatMap(([key, child]) => [
        key,
        ...knownKeys(child, seen),
      ]);
    }
    const children = Array.isArray(value) ? value : [value];
    return children.filter(isSchema).flatMap((child) => knownKeys(child, seen));
  });
}

function isSchema(value: unknown): value is z.ZodType {
  return typeof value === "object" && value !== null && "def" in value && "safeParse" in value;
}

/** Levenshtein's distance, by the two-row method (Wagner and Fischer 1974). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
