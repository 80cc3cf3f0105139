import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Table from "cli-table3";
import { afterAll, describe, expect, it } from "vitest";
import { SEED } from "../seed.ts";
import { hunt } from "./hunt.ts";
import { MUTANTS } from "./mutants.ts";

/** All of them in `npm run soak`; a few, found by traces alone, in `npm run test:extras`. */
const IS_SOAK = process.env["SOAK_RUNS"] !== undefined;
const QUICK = ["heldShrink", "expiry", "copyStops"];
const HOLES = ["test/engine-proof/holes/holes.test.ts"];

describe("an engine with one rule switched off", () => {
  const table = new Table({
    head: ["rule", "found by", "saying"],
    style: { head: [], border: [], compact: true },
  });
  afterAll(() => {
    process.stdout.write(`mutants, seed ${SEED}\n${table.toString()}\n`);
  });

  it.each(MUTANTS.flatMap(({ rule, edits }) => edits.map((edit) => ({ rule, ...edit }))))(
    "$rule still stands in rollout/$file",
    async ({ file, find }) => {
      const source = await readFile(join(import.meta.dirname, "../../../rollout", file), "utf8");
      expect(source.split(find)).toHaveLength(2);
    },
  );

  const hunted = MUTANTS.filter(({ rule }) => IS_SOAK || QUICK.includes(rule));
  it.each(hunted)("$rule is found", { timeout: 1_800_000 }, async ({ rule }) => {
    const { foundBy, message, trouble } = await hunt(rule, {
      schedules: 1_200,
      seed: SEED,
      only: IS_SOAK ? [] : HOLES,
    });
    table.push([rule, foundBy.join("; ").slice(0, 90), message.slice(0, 90)]);
    expect(trouble).toBeUndefined();
    expect(foundBy).not.toEqual([]);
  });
});
