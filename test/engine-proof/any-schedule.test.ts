import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { DIRECTED } from "./schedule/directed.ts";
import { schedules, type Schedule } from "./schedule/event.ts";
import { reportOf } from "./schedule/report.ts";
import { createTally, missing } from "./schedule/tally.ts";
import { outcomeOf } from "./schedule/verdict.ts";
import { SEED } from "./seed.ts";

/** 2% of what `npm run soak` plays. */
const RUNS = Number(process.env["SOAK_RUNS"] ?? 400);
/** As long as the machine takes: what does not come to rest ends by a count of its own, not by time. */
const TIMEOUT_MS = 7_200_000;
/** Most production fleets have one hub; what several add is in their order. */
const SHARES = [
  { hubs: 1, runs: Math.ceil((RUNS * 5) / 8) },
  { hubs: 2, runs: Math.floor((RUNS * 3) / 8) },
];

describe.each(SHARES)("the engine on $hubs hubs, under any schedule", ({ hubs, runs }) => {
  const tally = createTally();
  const known = new Map<string, number>();
  let mostRuns = 0;

  const keepsTheRules = async (schedule: Schedule): Promise<void> => {
    const outcome = await outcomeOf(schedule, hubs, tally);
    mostRuns = Math.max(mostRuns, outcome.runs);
    for (const name of outcome.known) known.set(name, (known.get(name) ?? 0) + 1);
    expect(outcome.broken).toEqual([]);
  };

  afterAll(() => {
    const title = `${hubs} hub(s): ${DIRECTED.length} directed and ${runs} random schedules, seed ${SEED}`;
    process.stdout.write(reportOf({ title, tally, known, mostRuns }));
  });

  it("keeps every rule of the protocol where chance seldom comes", { timeout: TIMEOUT_MS }, async () => {
    for (const schedule of DIRECTED) await keepsTheRules(schedule);
  });

  it(
    `keeps every rule of the protocol, and comes to rest (seed ${SEED})`,
    { timeout: TIMEOUT_MS },
    async () => {
      await fc.assert(fc.asyncProperty(schedules(hubs), keepsTheRules), { numRuns: runs, seed: SEED });
    },
  );

  it("reached every transition and every crash point", () => {
    expect(missing(tally)).toEqual([]);
  });
});
