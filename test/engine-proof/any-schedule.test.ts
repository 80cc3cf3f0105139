import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schedules } from "./schedule/event.ts";
import { play } from "./schedule/play.ts";
import { comeToRest, reachesItsEnd, stopInTheDark } from "./schedule/rest.ts";
import { createTally } from "./schedule/tally.ts";

/** 2% of what `npm run soak` plays. */
const RUNS = Number(process.env["SOAK_RUNS"] ?? 400);
const SEED = process.env["SEED"] === undefined ? undefined : Number(process.env["SEED"]);

const tally = createTally();

describe("the engine, under any schedule", () => {
  it("keeps every rule of the protocol, and comes to rest", async () => {
    let most = 0;
    await fc.assert(
      fc.asyncProperty(schedules(1), async (schedule) => {
        const { world, merged, disturbed } = await play(schedule, {
          hubs: 1,
          tally,
          onBroken: (broken, at) => {
            expect.soft(at).toBeUndefined();
            expect(broken).toEqual([]);
          },
        });
        expect(await stopInTheDark(world, merged)).toEqual([]);
        const rest = await comeToRest(world, merged);
        expect(rest.broken).toEqual([]);
        most = Math.max(most, rest.runs);
        if (!disturbed) expect(await reachesItsEnd(rest.world, merged)).toEqual([]);
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) },
    );
    process.stdout.write(`most runs to rest: ${most}\n`);
  });
});
