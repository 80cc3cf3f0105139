import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { WavegateError, type Problem } from "../model/problem.ts";
import { problemsFromZod } from "../model/schema-problems.ts";
import type { StratumCounts } from "../model/stratum-counts.ts";

/** Counts that somebody wrote down, by stratum. */
export interface WrittenCounts {
  readonly counts: ReadonlyMap<string, StratumCounts>;
  /** All devices of a stratum, where that was said. */
  readonly population: Readonly<Record<string, number>>;
}

const stratumSchema = z.strictObject({
  contacted: z.int().nonnegative(),
  failed: z.int().nonnegative().default(0),
  silent: z.int().nonnegative().default(0),
  unresolved: z.int().nonnegative().default(0),
  of: z.int().nonnegative().exactOptional(),
});
const fileSchema = z.record(z.string().min(1), stratumSchema);
type Written = z.output<typeof stratumSchema>;

const HINT =
  "write it as in: --counts 'A=480/3/2/6, B=57' (contacted/failed/silent/unresolved), or a JSON file";
/** "A=480/3/2/6 of 500"; the stratum's name may be left out where there is one. */
const ENTRY = /^(?:(?<stratum>[^=]+)=)?(?<numbers>\d+(?:\/\d+){0,3})(?: of (?<of>\d+))?$/;

/** Read `--counts`: strata in one line, or the name of a JSON file. All that is wrong comes back at once. */
export async function readCounts(text: string, folder: string): Promise<WrittenCounts> {
  const found = text.endsWith(".json") ? await fromFile(text, folder) : fromLine(text);
  const problems = [
    ...found.problems,
    ...found.entries.flatMap(({ name, written }) => impossible(`${found.where}: ${name}`, written)),
  ];
  if (problems.length === 0 && found.entries.length === 0)
    problems.push(problem(found.where, "it holds no stratum"));
  if (problems.length > 0)
    throw new WavegateError("BAD_OPTION", "these are no counts of devices", { hint: HINT, problems });
  return {
    counts: new Map(found.entries.map(({ name, written }) => [name, countsOf(written)])),
    population: Object.fromEntries(
      found.entries.flatMap(({ name, written: { of } }) => (of === undefined ? [] : [[name, of] as const])),
    ),
  };
}

interface Found {
  readonly where: string;
  readonly entries: readonly { readonly name: string; readonly written: Written }[];
  readonly problems: readonly Problem[];
}

function fromLine(text: string): Found {
  const where = "--counts";
  const problems: Problem[] = [];
  const entries: Found["entries"][number][] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const groups = ENTRY.exec(part)?.groups;
    const name = groups?.["stratum"]?.trim() ?? "all";
    if (groups === undefined) problems.push(problem(where, `"${part}" is no stratum's counts`));
    else if (entries.some((entry) => entry.name === name))
      problems.push(problem(`${where}: ${name}`, "it is there twice"));
    else {
      const [contacted = 0, failed = 0, silent = 0, unresolved = 0] = (groups["numbers"] ?? "")
        .split("/")
        .map(Number);
      const of = groups["of"] === undefined ? {} : { of: Number(groups["of"]) };
      entries.push({ name, written: { contacted, failed, silent, unresolved, ...of } });
    }
  }
  return { where, entries, problems };
}

async function fromFile(file: string, folder: string): Promise<Found> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(resolve(folder, file), "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "holds no JSON" : "cannot be read";
    throw new WavegateError("BAD_OPTION", `${file} ${why}`, { hint: HINT, cause: error });
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const problems = problemsFromZod({ error: parsed.error, code: "BAD_OPTION", file, shape: fileSchema });
    return { where: file, entries: [], problems };
  }
  const entries = Object.entries(parsed.data).map(([name, written]) => ({ name, written }));
  return { where: file, entries, problems: [] };
}

function impossible(path: string, { contacted, failed, silent, unresolved, of }: Written): Problem[] {
  const parts = failed + silent + unresolved;
  const found: Problem[] = [];
  if (!Number.isSafeInteger(contacted + parts))
    found.push(problem(path, "so many devices cannot be counted"));
  else if (parts > contacted)
    found.push(problem(path, `${parts} failed, silent or unresolved of ${contacted} contacted`));
  if (of !== undefined && of < contacted)
    found.push(problem(path, `${contacted} contacted of ${of} that there are`));
  return found;
}

function problem(path: string, summary: string): Problem {
  return { severity: "error", code: "BAD_OPTION", path, summary, hint: HINT };
}

/** Unresolved devices are those still in time; the gate counts the silent ones among them. */
function countsOf({ contacted, failed, silent, unresolved }: Written): StratumCounts {
  const open = silent + unresolved;
  return { ok: contacted - failed - open, failed, unresolved: open, most: contacted, silent, strays: 0 };
}
