import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { measureCalls } from "../../bench/engine/calls.ts";
import { measureSevenDays } from "../../bench/engine/seven-days.ts";
import { PROJECT } from "../support/command-line.ts";

// `npm run bench -- engine` in small: the hub counts, and the limits are those of the whole bench.

describe("the calls of a rollout's controller", () => {
  it("stay within their limits, and are the same for 1,000 and 1,500 devices", async () => {
    const figures = await measureCalls([1000, 1500], [3]);
    expect(figures.filter(({ isBroken }) => isBroken === true)).toEqual([]);
    expect(figures.map(({ what, measured, limit }) => [what, measured, limit])).toEqual(
      expect.arrayContaining([
        ["two GROUP BY keys: calls of a run with record promote, write", "9", "11"],
        ["one GROUP BY key: calls of a run with record promote, write", "13", "15"],
        // A release that was let to everyone is counted by one view, an open wave by two.
        ["two GROUP BY keys: calls of a run with nothing to do", "2 to 3", "3"],
        ["one GROUP BY key: calls of a run with nothing to do", "4 to 7", "7"],
      ]),
    );
    // And they are those of docs/engine-costs.md: of a promotion, and of a whole rollout over three waves.
    const page = readFileSync(join(PROJECT, "docs/engine-costs.md"), "utf8");
    const told = (what: string): string =>
      figures.find((figure) => figure.what.startsWith(what))?.measured ?? "";
    const [[two, runs] = [], [one] = []] = ["two GROUP BY keys", "one GROUP BY key"].map((keys) =>
      /^(\d+) in (\d+) runs \| \1 in \2 runs$/.exec(told(`${keys}, 3 waves: calls`))?.slice(1),
    );
    expect(page).toContain(`| 3 | ${two ?? "?"} | ${one ?? "?"} | ${runs ?? "?"} |`);
    expect(page).toContain("| that promotes: ref, then configuration | 9 | 11 | 13 | 15 |");
    expect(page).toContain("| with nothing to do, a wave open | 3 | 3 | 7 | 7 |");
  });

  it("use a share of a throttled hub's budget that is within its limit", async () => {
    const figures = await measureSevenDays({ days: 0.5, gate: { deadline: "1 hours", bake: "1 hours" } });
    expect(figures.filter(({ isBroken }) => isBroken === true)).toEqual([]);
    expect(figures).toHaveLength(10);
  });
});
