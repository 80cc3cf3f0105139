import { describe, expect, it } from "vitest";
import { scheduleEvaluations } from "../../../local/hub/evaluation-schedule.ts";
import { createManualClock } from "./manual-clock.ts";

describe("the schedule of evaluations", () => {
  it("goes on after one that failed, and tells of it", async () => {
    const clock = createManualClock();
    const outcomes: string[] = [];
    let runs = 0;
    await using schedule = scheduleEvaluations({
      clock,
      intervalMs: 300_000,
      delayMs: 5000,
      evaluate: () => {
        runs += 1;
        if (runs < 3) throw new Error(`full disk ${runs}`);
        outcomes.push("evaluated");
      },
      onTrouble: (error) => outcomes.push(String(error)),
    });
    schedule.changed();
    await clock.advance(5000);
    await clock.advance(300_000);
    await clock.advance(300_000);
    schedule.changed();
    await clock.advance(5000);
    expect(outcomes).toEqual(["Error: full disk 1", "Error: full disk 2", "evaluated", "evaluated"]);
  });
});
