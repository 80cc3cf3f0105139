import { describe, expect, it } from "vitest";
import { fitLaws } from "../../../rollout/forecast/fit-laws.ts";
import type { PastRollout } from "../../../rollout/forecast/past-rollout.ts";
import { chanceWithin, reportedWithin, type DelayLaw } from "../../../rollout/forecast/laws.ts";
import { nextChance, streamOf } from "../../../rollout/forecast/random/stream.ts";
import { attemptId } from "../../../rollout/model/attempt.ts";
import type { Look } from "../../../rollout/model/look.ts";
import { HOUR, MINUTE } from "./a-rollout.ts";
import { delay } from "./device-by-device.ts";

const SEED = 5;
const ATTEMPT = attemptId("thermostat", "1.0.0", 1);
const TRUE_CONTACT = [
  { share: 0.6, perHour: 0.9 },
  { share: 0.25, perHour: 0.08 },
  { share: 0.15, perHour: 0 },
];
const TRUE_SUCCESS: DelayLaw = [
  { withinMs: 30 * MINUTE, share: 0.1 },
  { withinMs: 2 * HOUR, share: 0.9 },
  { withinMs: 8 * HOUR, share: 1 },
];

describe(`laws fitted from looks (seed ${SEED})`, () => {
  it("find how the devices of a rollout made contact and how long they took", () => {
    const fitted = fitLaws([aPastRollout(4_000, 0.03)], { deadlineMs: 48 * HOUR });
    expect(fitted?.source).toBe(`fitted from 288 looks of ${ATTEMPT} (assumed: late defects)`);
    for (const hours of [0.5, 1, 4, 12, 40, 70]) {
      const truth = TRUE_CONTACT.reduce(
        (sum, one) => sum + one.share * chanceWithin(one.perHour, hours * HOUR),
        0,
      );
      const found = fitted!.contact.reduce(
        (sum, one) => sum + one.share * chanceWithin(one.perHour, hours * HOUR),
        0,
      );
      expect(Math.abs(found - truth), `contact within ${hours} h`).toBeLessThan(0.03);
      const success = reportedWithin(fitted!.success, hours * HOUR);
      expect(
        Math.abs(success - reportedWithin(TRUE_SUCCESS, hours * HOUR)),
        `ok within ${hours} h`,
      ).toBeLessThan(0.06);
    }
    expect(fitted!.contact.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    // Failures were reported within an hour.
    expect(reportedWithin(fitted!.failure, 2 * HOUR)).toBeGreaterThan(0.9);
  });

  it("say what too few devices did, and take that for granted", () => {
    const fitted = fitLaws([aPastRollout(400, 0)], { deadlineMs: 48 * HOUR });
    expect(fitted?.source).toContain("(assumed: delays of failures, late defects)");
    expect(fitted?.failure).toEqual([{ withinMs: 2 * HOUR, share: 1 }]);
  });

  it("take the delays for granted where every outcome comes later than the longest that is fitted", () => {
    const DAY = 24 * HOUR;
    const looks = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((day): Look => {
      const [ok, contacted] = day < 9 ? [0, 500] : [500, 0];
      return {
        at: 1e12 + day * DAY,
        wave: 0,
        views: { all: {}, wave: { A: { ok, failed: 0, contacted } } },
        answered: 0,
      };
    });
    const past = { attempt: ATTEMPT, waves: [{ openedAt: 1e12, added: 500 }], looks };
    const fitted = fitLaws([past], { deadlineMs: 240 * HOUR });
    expect(fitted?.source).toContain("(assumed: delays of successes, delays of failures, late defects)");
    expect(fitted?.success).toEqual([{ withinMs: 40 * HOUR, share: 1 }]);
  });

  it("are none where hardly anything was seen", () => {
    expect(fitLaws([], { deadlineMs: HOUR })).toBeUndefined();
    expect(fitLaws([aPastRollout(60, 0)], { deadlineMs: HOUR })).toBeUndefined();
  });
});

/** Two waves, looked at every half hour for three days each. */
function aPastRollout(devices: number, failing: number): PastRollout {
  const random = streamOf(SEED, devices);
  const looks: Look[] = [];
  const waves = [0, 72 * HOUR].map((openedAt) => ({ openedAt: 1e12 + openedAt, added: devices / 2 }));
  for (const [wave, { openedAt, added }] of waves.entries()) {
    const fates = Array.from({ length: added }, () => {
      let left = nextChance(random);
      const { perHour } = TRUE_CONTACT.find(({ share }) => (left -= share) < 0) ?? TRUE_CONTACT[2]!;
      const contactAt =
        perHour === 0 ? Infinity : (Math.log(nextChance(random)) / Math.log(1 - perHour)) * HOUR;
      const isBad = nextChance(random) < failing;
      const after = isBad ? nextChance(random) * HOUR : delay(TRUE_SUCCESS, nextChance(random));
      return { contactAt, isBad, endAt: contactAt + after };
    });
    for (let at = 30 * MINUTE; at <= 72 * HOUR; at += 30 * MINUTE) {
      const tally = { ok: 0, failed: 0, contacted: 0 };
      for (const { contactAt, isBad, endAt } of fates)
        if (contactAt <= at) tally[endAt > at ? "contacted" : isBad ? "failed" : "ok"]++;
      looks.push({ at: openedAt + at, wave, views: { all: {}, wave: { A: tally } }, answered: 0 });
    }
  }
  return { attempt: ATTEMPT, waves, looks };
}
