import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { formatFigures } from "../../bench/figure.ts";

const RUN = join(import.meta.dirname, "..", "..", "bench", "run.ts");
const run = promisify(execFile);

describe("npm run bench", () => {
  it("lists its areas", async () => {
    const { stdout } = await run(process.execPath, [RUN]);
    expect(stdout).toMatch(/^npm run bench -- AREA.*\n(?:.*\n)* {2}hub {2}the local hub with/);
  });

  it("says which areas there are when there is none of that name", async () => {
    await expect(run(process.execPath, [RUN, "constructor"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no area "constructor"\..*\n.*AREA.*\n(?:.*\n)* {2}hub/) as string,
    });
  });

  it("says what an area takes when it is given something else", async () => {
    await expect(run(process.execPath, [RUN, "promises", "many"])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^"many" cannot be the number of rollouts: that is a whole number from 1 on\n {2}promises {2}the gate/,
      ) as string,
    });
  });

  it("puts each figure beside what is to be reached", () => {
    const figures = [
      { what: "load", measured: "2.2 s", limit: "20 s" },
      { what: "connecting", measured: "4 s" },
      { what: "calls", measured: "8", limit: "7", isBroken: true },
    ];
    expect(formatFigures(figures).split("\n")).toEqual([
      "what        measured  to reach",
      "load        2.2 s     20 s",
      "connecting  4 s       -",
      "calls       8         7: BROKEN",
    ]);
  });
});
