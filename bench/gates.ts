import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatPercentage } from "../rollout/model/percentage.ts";
import { countFrom, UsageError } from "./arguments.ts";
import type { Figure } from "./figure.ts";
import { FULL_SIZE, type Compared, type Size } from "./gates/compare.ts";
import { CONTENDERS } from "./gates/contenders.ts";
import { withMeasured } from "./gates/document.ts";
import { GATE, KINDS } from "./gates/fleet.ts";
import { compareInParallel } from "./gates/in-parallel.ts";
import { BUILT, lossesOf, markdownLosses } from "./gates/losses.ts";
import { wavegate } from "./gates/own-gate.ts";
import { comparisonPictures } from "./gates/pictures.ts";
import { readmeTable } from "./gates/readme-table.ts";
import { markdownTables } from "./gates/tables.ts";

const PROJECT = join(import.meta.dirname, "..");
const DOCS = join(PROJECT, "docs");

/**
 * Our gate beside the stop rules of others, on the same devices; `write` puts the tables into docs/gates-comparison.md and
 * README.md.
 */
export async function measure(args: readonly string[]): Promise<readonly Figure[]> {
  const size = sizeOf(args.filter((argument) => argument !== "write"));
  const compared = await compareInParallel(
    CONTENDERS.map(({ name }) => name),
    size,
  );
  if (args.includes("write")) writeDocuments(compared, size);
  return figuresOf(compared, size);
}

function sizeOf([runs, ...rest]: readonly string[]): Size {
  if (runs === undefined) return FULL_SIZE;
  if (rest.length > 0)
    throw new UsageError(
      `gates takes a number of rollouts and the word "write", not ${JSON.stringify([runs, ...rest])}`,
    );
  const count = countFrom(runs, "number of rollouts", 20);
  return { ...FULL_SIZE, runs: count, tuningRuns: 4 * count };
}

function writeDocuments(compared: readonly Compared[], { rates }: Size): void {
  const write = (file: string, texts: Readonly<Record<string, string>>): void => {
    writeFileSync(file, withMeasured(readFileSync(file, "utf8"), texts));
  };
  write(join(DOCS, "gates-comparison.md"), {
    losses: markdownLosses(lossesOf(compared, rates)),
    tables: markdownTables(compared, rates),
  });
  write(join(PROJECT, "README.md"), { harmed: readmeTable(compared, rates) });
  for (const [name, svg] of comparisonPictures(compared, rates))
    writeFileSync(join(DOCS, "images", name), svg);
}

function figuresOf(compared: readonly Compared[], { rates }: Size): readonly Figure[] {
  const target = formatPercentage(GATE.falseStop);
  const tuned = compared.map((one) => one.tuned).filter(({ name }) => BUILT.includes(name));
  const ours = tuned.find(({ name }) => name === wavegate.name);
  return [
    ...compared.flatMap(({ documented, tuned: own }) => [
      {
        what: `good releases stopped: ${documented.name}, ${documented.settings}`,
        measured: `${(100 * documented.falseStop).toFixed(2)}%`,
      },
      {
        what: `good releases stopped: ${own.name}, ${own.settings}`,
        measured: `${(100 * own.falseStop).toFixed(2)}%`,
        limit: `tuned to ${target}`,
      },
    ]),
    ...KINDS.flatMap((kind, index) =>
      rates.flatMap((rate, column): Figure[] => {
        const own = ours?.cells[index]?.[column];
        const others = tuned
          .filter((row) => row !== ours)
          .map((row) => ({ name: row.name, harmed: row.cells[index]?.[column]?.harmed ?? NaN }))
          .toSorted((one, other) => one.harmed - other.harmed);
        const [best] = others;
        if (rate <= GATE.tolerate || own === undefined || best === undefined) return [];
        return [
          {
            what: `devices harmed at ${formatPercentage(rate)} ${kind.name}`,
            measured: `${own.harmed.toFixed(0)}, ${(100 * own.stopped).toFixed(0)}% stopped`,
            limit: `fewest of the others: ${best.harmed.toFixed(0)}, ${best.name}`,
          },
        ];
      }),
    ),
  ];
}
