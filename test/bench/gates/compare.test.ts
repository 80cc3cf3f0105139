import { describe, expect, it } from "vitest";
import { compareContender, FULL_SIZE, type Size } from "../../../bench/gates/compare.ts";
import { GATE, KINDS } from "../../../bench/gates/fleet.ts";
import { lossesOf, markdownLosses } from "../../../bench/gates/losses.ts";
import { comparisonPictures } from "../../../bench/gates/pictures.ts";
import { markdownTables } from "../../../bench/gates/tables.ts";

// `npm run bench -- gates` in small: the mechanics, not the ranking.
const SIZE: Size = { ...FULL_SIZE, runs: 10, tuningRuns: 60, steps: 6, rates: [0.01, 0.2] };
const NAMES = ["wavegate", "Device Update", "peeked Wilson"];
const compared = NAMES.map((name) => compareContender(name, SIZE));

describe(`the comparison of stop rules (seed ${SIZE.seed})`, () => {
  it.each(compared.map(({ tuned, tuning }) => [tuned.name, tuning] as const))(
    "finds settings of %s on both sides of the false-stop rate, and takes the nearer",
    (_, { chosen, strict, lenient }) => {
      expect(strict.setting).toBeLessThan(lenient.setting);
      expect(strict.rate).toBeGreaterThanOrEqual(GATE.falseStop);
      expect(lenient.rate).toBeLessThan(GATE.falseStop);
      const distance = (rate: number): number => Math.abs(rate - GATE.falseStop);
      expect(distance(chosen.rate)).toBe(Math.min(distance(strict.rate), distance(lenient.rate)));
    },
  );

  it("tunes all rules to the same rate within the error of so many rollouts", () => {
    const error = Math.sqrt((GATE.falseStop * (1 - GATE.falseStop)) / SIZE.tuningRuns);
    for (const { tuned } of compared)
      expect(Math.abs(tuned.falseStop - GATE.falseStop)).toBeLessThan(2 * error);
  });

  it("stops a release that fails everywhere in 20% with every tuned rule", () => {
    expect(compared.map(({ tuned }) => tuned.cells[0]?.[1]?.stopped)).toEqual(compared.map(() => 1));
  });

  it("gives every rule the same devices: those that stop nothing harm the same", () => {
    const unstopped = compared
      .flatMap(({ documented, tuned }) => [documented, tuned])
      .flatMap(({ cells }) => cells[0]?.[0] ?? [])
      .filter(({ stopped, held }) => stopped === 0 && held === 0);
    expect(unstopped.length).toBeGreaterThan(1);
    const [first] = unstopped;
    for (const { harmed } of unstopped)
      expect(Math.abs(harmed / (first?.harmed ?? 0) - 1)).toBeLessThan(0.02);
  });

  it("writes the same tables, losses and pictures for the same seed", () => {
    expect(compareContender("peeked Wilson", SIZE)).toEqual(compared.at(-1));
    const written = markdownTables(compared, SIZE.rates);
    expect(written.match(/^### /gm)).toHaveLength(1 + 2 * KINDS.length);
    for (const name of NAMES) expect(written).toContain(`| ${name} `);
    expect(markdownLosses(lossesOf(compared, SIZE.rates))).toMatch(/^(?:None\.|- 20% )/);
    expect([...comparisonPictures(compared, SIZE.rates).keys()]).toHaveLength(KINDS.length);
  });

  it("says which rules there are when there is none of that name", () => {
    expect(() => compareContender("constructor", SIZE)).toThrow(/no rule called "constructor".*hawkBit/);
  });
});
