import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import type { RightParts } from "./update-steps-checks.ts";
import { contradictionsIn } from "./update-steps-checks.ts";
import type { UpdateSteps } from "./update-steps.ts";
import { updateStepsSchema } from "./update-steps.ts";

/** A description with the folder its relative paths start from. */
export interface UpdateStepsFile {
  /** Absolute path of `update-steps.yaml`. */
  readonly file: string;
  /** Its folder, absolute. */
  readonly folder: string;
  /** What it says, checked. */
  readonly description: UpdateSteps;
}

/** Something wrong in the text of a description. */
export interface StepsProblem {
  /** Line, from 1. */
  readonly line: number;
  /** Keys down to the place, with dots; empty for the text as a whole. */
  readonly path: string;
  readonly summary: string;
}

type Path = readonly PropertyKey[];

/** Read a maker's `update-steps.yaml`; rejects with all that is wrong in it, line by line. */
export async function readUpdateSteps(file: string): Promise<UpdateStepsFile> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new Error(
      `${path} cannot be read; it is to describe how this device is updated (docs/drivers.md)`,
      {
        cause: error,
      },
    );
  }
  const { description, problems } = parseUpdateSteps(text);
  if (description !== undefined) return { file: path, folder: dirname(path), description };
  const lines = problems.map(
    ({ line, path: at, summary }) => `${path}:${line}: ${at === "" ? "" : `${at}: `}${summary}`,
  );
  throw new Error(`${lines.join("\n")}\nEvery key is explained in docs/drivers.md`);
}

/** Check the text of a description. All problems at once, in the order of their lines. */
export function parseUpdateSteps(
  text: string,
):
  | { readonly description: UpdateSteps; readonly problems: readonly [] }
  | { readonly description?: undefined; readonly problems: readonly StepsProblem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos: [offset] }) => ({
      line: lineAt(offset),
      path: "",
      summary: `is no YAML here: ${message}`,
    }));
    return { problems };
  }
  const value = valueOf(document);
  const parsed = updateStepsSchema.safeParse(value);
  const found = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, document))),
    ...contradictionsIn(rightPartsOf(value)),
  ];
  if (parsed.success && found.length === 0) return { description: parsed.data, problems: [] };
  const problems = found.map(({ path, summary }) => ({
    line: lineAt(placeOf(document, path).offset),
    path: path.map(String).join("."),
    summary,
  }));
  return { problems: problems.sort((a, b) => a.line - b.line) };
}

/** The keys that are right by themselves, to be held against each other even where others are not. */
function rightPartsOf(value: unknown): RightParts {
  const wrong = new Set<string>();
  const right = (shape: Readonly<Record<string, z.ZodType>>, given: unknown): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(shape).flatMap(([key, schema]) => {
        const part: unknown =
          typeof given === "object" && given !== null ? Reflect.get(given, key) : undefined;
        const parsed = schema.safeParse(part);
        if (!parsed.success && part !== undefined) wrong.add(key);
        return parsed.success ? [[key, parsed.data]] : [];
      }),
    );
  const { slots, steps } = updateStepsSchema.shape;
  const given: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "steps") : undefined;
  // Each part was parsed by the schema that its type is made from.
  return { ...right({ slots }, value), steps: right(steps.shape, given), wrong };
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    // Aliases of aliases of aliases: as good as no value.
    return undefined;
  }
}

function problemsOf(issue: z.core.$ZodIssue, document: Document): { path: Path; summary: string }[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key], summary: "is no key known here" }));
  const summary = issue.code === "invalid_key" ? issue.issues[0]?.message : undefined;
  const isThere = path.length === 0 || placeOf(document, path).isThere;
  return [{ path, summary: isThere ? plain(summary ?? issue.message) : "is missing" }];
}

/** The library's sentences go behind a path: `Invalid input: expected …` reads `expected …`. */
function plain(message: string): string {
  return message.replace(/^Invalid input: /, "");
}

/** Where a path stands in the text: its key, or the nearest part of it that is there. */
function placeOf(document: Document, path: Path): { readonly offset: number; readonly isThere: boolean } {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return { offset, isThere: false };
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else {
      node = isSeq(node) ? node.items[Number(part)] : undefined;
      if (node === undefined) return { offset, isThere: false };
      offset = offsetOf(node) ?? offset;
    }
  }
  return { offset, isThere: true };
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
