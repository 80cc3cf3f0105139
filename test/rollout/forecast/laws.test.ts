import { describe, expect, it } from "vitest";
import {
  activeShare,
  assumedLaws,
  chanceWithin,
  delayByLook,
  reportedWithin,
} from "../../../rollout/forecast/laws.ts";
import { forecastLookMs } from "../../../rollout/forecast/model-timing.ts";
import { wavesByShare } from "../../../rollout/forecast/waves-by-share.ts";
import { atLeast, devices, named, percent, ring, type Cohort } from "../../../rollout/wavegate.ts";
import { aWave, HOUR, MINUTE } from "./a-rollout.ts";

describe("the laws of a fleet", () => {
  it("that are assumed cover every device, and scale with the deadline", () => {
    const laws = assumedLaws({ deadlineMs: 48 * HOUR });
    expect(laws.contact.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(laws.success).toEqual([{ withinMs: 8 * HOUR, share: 1 }]);
    expect(assumedLaws({ deadlineMs: 3 * HOUR }).failure).toEqual([{ withinMs: 7.5 * MINUTE, share: 1 }]);
    expect(activeShare(laws.contact[3]!, 7 * 24 * HOUR)).toBe(0);
  });

  it("give the same chances in looks of any length", () => {
    expect(chanceWithin(0.5, 2 * HOUR)).toBeCloseTo(0.75, 12);
    const law = [
      { withinMs: HOUR, share: 0 },
      { withinMs: 4 * HOUR, share: 0.6 },
      { withinMs: 9 * HOUR, share: 1 },
    ];
    expect(reportedWithin(law, 2.5 * HOUR)).toBeCloseTo(0.3, 12);
    for (const lookMs of [5 * MINUTE, HOUR, 3 * HOUR, 48 * HOUR]) {
      const chances = [...delayByLook(law, lookMs)];
      expect(chances.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...chances)).toBeGreaterThanOrEqual(0);
      const mean = chances.reduce((sum, chance, look) => sum + chance * look * lookMs, 0);
      // 2.5 h and 6.5 h, in the middle of the two parts: within half a look of it.
      expect(Math.abs(mean - (0.6 * 2.5 + 0.4 * 6.5) * HOUR)).toBeLessThanOrEqual(lookMs);
    }
  });
});

describe("the time between the looks of a forecast", () => {
  it.each([
    [48 * HOUR, undefined, HOUR],
    [3 * HOUR, undefined, 5 * MINUTE],
    [10 * HOUR, undefined, 15 * MINUTE],
    [30 * 24 * HOUR, undefined, HOUR],
    [48 * HOUR, 3 * HOUR, 3 * HOUR],
    [48 * HOUR, 5 * MINUTE, HOUR],
  ])(
    "with a deadline of %d ms and a controller every %s ms is %d ms",
    (deadlineMs, lookEveryMs, expected) => {
      expect(forecastLookMs({ deadlineMs, lookEveryMs })).toBe(expected);
    },
  );
});

describe("waves over a fleet of a given size", () => {
  const added = (cohorts: readonly Cohort[]): readonly (readonly number[])[] =>
    wavesByShare({
      release: { waves: cohorts.map((cohort) => aWave(1, { cohort })) },
      devices: [700, 300, 0],
      taggedDevices: 20,
    }).added;

  it("add what they hold beyond the waves before, and everybody in the end", () => {
    expect(added([ring("canary"), percent(10), percent(100)])).toEqual([
      [14, 6, 0],
      [56, 24, 0],
      [630, 270, 0],
    ]);
    expect(added([devices(11), atLeast(100).per("stratum"), percent(100)])).toEqual([
      [8, 3, 0],
      [92, 97, 0],
      [600, 200, 0],
    ]);
    // More than there are, and a wave that adds nobody.
    expect(added([devices(5_000), named(["press-1"]), percent(100)])).toEqual([
      [700, 300, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("say which of them only the hub could size", () => {
    const waves = [aWave(1, { name: "canary", cohort: ring("canary") }), aWave(1)];
    expect(wavesByShare({ release: { waves }, devices: [10], taggedDevices: 3 }).guessed).toEqual(["canary"]);
  });
});
