import { describe, expect, it } from "vitest";
import { measureCalls } from "../../bench/engine/calls.ts";
import { measureSevenDays } from "../../bench/engine/seven-days.ts";

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
  });

  it("use a share of a throttled hub's budget that is within its limit", async () => {
    const figures = await measureSevenDays({ days: 0.5, gate: { deadline: "1 hours", bake: "1 hours" } });
    expect(figures.filter(({ isBroken }) => isBroken === true)).toEqual([]);
    expect(figures).toHaveLength(10);
  });
});
