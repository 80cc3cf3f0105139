import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { reportOf } from "./schedule/report.ts";
import { schedules } from "./schedule/event.ts";
import { createTally, missing } from "./schedule/tally.ts";
import { outcomeOf } from "./schedule/verdict.ts";

/** 2% of what `npm run soak` plays. */
const RUNS = Number(process.env["SOAK_RUNS"] ?? 400);
/** `SEED=n` plays the schedules of an earlier run again. */
const SEED = Number(process.env["SEED"] ?? Math.floor(Date.now() % 2 ** 31));

describe("the engine on one hub, under any schedule", () => {
  const tally = createTally();
  const known = new Map<string, number>();
  let mostRuns = 0;

  afterAll(() => {
    process.stdout.write(reportOf({ title: `${RUNS} schedules, seed ${SEED}`, tally, known, mostRuns }));
  });

  it(
    `keeps every rule of the protocol, and comes to rest (seed ${SEED})`,
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(schedules(1), async (schedule) => {
          const outcome = await outcomeOf(schedule, 1, tally);
          mostRuns = Math.max(mostRuns, outcome.runs);
          for (const name of outcome.known) known.set(name, (known.get(name) ?? 0) + 1);
          expect(outcome.broken).toEqual([]);
        }),
        { numRuns: RUNS, seed: SEED },
      );
    },
  );

  // Fewer schedules than npm test plays reach less: a person who looks into one of them is not bothered.
  it.skipIf(RUNS < 400)("reached every transition and every crash point", () => {
    expect(missing(tally)).toEqual([]);
  });
});
