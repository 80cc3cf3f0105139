import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { knownRollouts } from "../../bench/forecast.ts";
import { PROJECT } from "../support/command-line.ts";

describe("npm run bench -- forecast", () => {
  it(
    "plays the rollouts of docs/forecast.md, with the figures of its table",
    { timeout: 60_000 },
    async () => {
      const page = readFileSync(join(PROJECT, "docs/forecast.md"), "utf8");
      const cells = new Map<string, string[]>();
      for (const { what, measured } of await knownRollouts(1_000_000, 1_000, 1)) {
        const [, kind = "", rate = ""] = /: (\w+) (\S+)$/.exec(what) ?? [];
        const row = cells.get(`${rate} ${kind}`) ?? [];
        cells.set(`${rate} ${kind}`, [...row, cellOf(measured)]);
      }
      const [, table = ""] = page.split("| truth ");
      const rows = [...table.matchAll(/^\| (\d.*?) +\| (.*?) +\| (.*?) +\|$/gm)].map(
        ([, truth = "", ...told]) => [truth, told] as const,
      );
      expect(rows).toEqual([...cells]);
    },
  );
});

/** A figure as the page has it: what was harmed matters where it was stopped. */
function cellOf(measured: string): string {
  const [, share = "", harmed = ""] = /^([\d.]+)% stopped, (\d+) harmed$/.exec(measured) ?? [];
  return Number(share) === 100
    ? `stopped, ${Number(harmed).toLocaleString("en")} harmed`
    : `${String(Number(share))}% stopped`;
}
