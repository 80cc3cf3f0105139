import { describe, expect, it } from "vitest";
import { hubLimits } from "../../../rollout/model/hub-limits.ts";
import { deviceTraffic } from "../../../rollout/plan/device-traffic.ts";
import { takeBackRoom } from "../../../rollout/plan/take-back-room.ts";
import { fleetTraffic } from "../../../rollout/plan/traffic.ts";
import { parseDuration } from "../../../rollout/model/duration.ts";
import { partsNeeded, waveTooFast } from "../../../rollout/plan/wave-speed.ts";

// Worked by hand from the published limits [IoT Hub quotas and throttling]. By default a device costs 7 twin writes, 2 reads and a notification: 10
// messages of 4 KB, or 24 of 0.5 KB (desired 1,000 B, written and sent: 2 each; six reports of 600 B: 2 each; two twins
// of 1,700 B: 4 each).

const HOUR = 3_600_000;

describe("one device", () => {
  it.each([
    ["S1", {}, 10],
    ["F1", {}, 2 * 2 + 6 * 2 + 2 * 4],
    // A manifest of 4 KB: desired 5,000 B is two chunks, and so is the twin of 5,700 B, read twice.
    ["S1", { desiredBytes: 5_000 }, 2 * 2 + 6 + 2 * 2],
    // A full desired section of 32 KB beside ours: twin 34,468 B is nine chunks.
    ["S1", { twinBytes: 32_768 + 1_700 }, 2 + 6 + 2 * 9],
    // Exactly a chunk, and a byte more.
    ["S1", { desiredBytes: 4_096, twinBytes: 4_096 }, 10],
    ["S1", { desiredBytes: 4_097, twinBytes: 4_096 }, 12],
  ] as const)("on %s with %o takes %i messages", (tier, sizes, messages) => {
    const traffic = deviceTraffic(hubLimits(tier, 1), sizes);
    expect(traffic).toEqual({ writes: 7, reads: 2, notifications: 1, messages });
  });

  it.each([
    // Keys of 1,040 B given and taken away, each written and sent: four more of 4 KB.
    ["S1", 1_040, 14],
    // Of 0.5 KB: three written and three sent, one and one for the removal; the twin of 2,740 B is six, read twice.
    ["F1", 1_040, 2 * 2 + 2 * (3 + 1) + 6 * 2 + 2 * 6],
  ] as const)("on %s with keys of %i bytes takes %i messages", (tier, accessBytes, messages) => {
    const traffic = deviceTraffic(hubLimits(tier, 1), { accessBytes });
    expect(traffic).toEqual({ writes: 9, reads: 2, notifications: 3, messages });
  });
});

describe("the traffic of a fleet", () => {
  it.each([
    // tier, units, devices, messages, share of the day, hours at the throttle
    // 12,000 x 10 of 400,000; 84,000 writes at 50/s are 1,680 s.
    ["S1", 1, 12_000, 120_000, 0.3, 1_680 / 3_600],
    // Units of S1 give messages, not twin writes.
    ["S1", 10, 12_000, 120_000, 0.03, 1_680 / 3_600],
    // 100 x 24 of 8,000; 700 writes at 50/s are 14 s.
    ["F1", 1, 100, 2_400, 0.3, 14 / 3_600],
    // A million: 10,000,000 of 60,000,000; 7,000,000 writes at 50/s are 140,000 s: a day and 14.9 hours.
    ["S2", 10, 1_000_000, 10_000_000, 1 / 6, 140_000 / 3_600],
    // Twenty units: 100/s and 120,000,000 a day.
    ["S2", 20, 1_000_000, 10_000_000, 1 / 12, 70_000 / 3_600],
    // Ten million on the biggest hub: 100,000,000 of 3,000,000,000; 70,000,000 writes at 2,500/s are 28,000 s.
    ["S3", 10, 10_000_000, 100_000_000, 1 / 30, 28_000 / 3_600],
    ["S1", 1, 0, 0, 0, 0],
  ] as const)("%s x %i, %i devices", (tier, units, devices, messages, quotaShare, hours) => {
    const traffic = fleetTraffic({ devices, tier, units });
    expect(traffic).toMatchObject({ operations: 10 * devices, writes: 7 * devices, messages });
    expect(traffic.quotaShare).toBeCloseTo(quotaShare, 12);
    expect(traffic.hours).toBeCloseTo(hours, 12);
  });
});

describe("the parts that a wave needs", () => {
  const deadlineMs = 48 * HOUR; // a quarter: 12 hours, 43,200 s
  it.each([
    // tier, units, devices, count, apart
    // 30% of a day exactly is not too fast; 0.3 is not made 0.30000000000000004.
    ["S1", 1, 12_000, 1, 0],
    // One device more: two parts of 15.001%, and two of those in a day would be too much again.
    ["S1", 1, 12_001, 2, 24 * HOUR],
    // 75% of a day: three parts of 25%, one a day.
    ["S1", 1, 30_000, 3, 24 * HOUR],
    // 250% of a day: nine parts.
    ["S1", 1, 100_000, 9, 24 * HOUR],
    // S2 x 10: 308,571 devices are 2,159,997 writes, 43,199.94 s at 50/s, and 5% of the day.
    ["S2", 10, 308_571, 1, 0],
    // A million: 140,000 s are 3.2 quarters; four parts of 35,000 s, one after the other.
    ["S2", 10, 1_000_000, 4, 35_000_000],
    // Four million: 66.7% of a day is three parts by the quota, 560,000 s are 13 by the throttle. Five of 13 make up a
    // day's 30% (25.6%), 4.8 hours apart; the throttle needs 43,077 s for each: that is longer.
    ["S2", 10, 4_000_000, 13, Math.ceil(560_000_000 / 13)],
  ] as const)("%s x %i, %i devices: %i", (tier, units, devices, count, apartMs) => {
    expect(partsNeeded({ devices, tier, units, deadlineMs })).toEqual({ count, apartMs });
  });

  it("come several a day where the throttle asks for more of them than the quota", () => {
    // 75% of a day; 4,200 s are 4.7 quarters of an hour: five parts of 15%, two of them a day.
    expect(partsNeeded({ devices: 30_000, tier: "S1", units: 1, deadlineMs: HOUR })).toEqual({
      count: 5,
      apartMs: 12 * HOUR,
    });
  });

  it("keep within the limits that they are made for, whatever the wave", () => {
    for (const tier of ["F1", "S1", "S2", "S3"] as const) {
      for (const devices of [1, 499, 7_777, 123_456, 9_999_999]) {
        const input = { devices, tier, units: 1, deadlineMs: 2 * HOUR };
        const { count, apartMs } = partsNeeded(input);
        const one = fleetTraffic({ ...input, devices: devices / count });
        expect(one.quotaShare).toBeLessThanOrEqual(0.3 + 1e-9);
        expect(one.hours).toBeLessThanOrEqual(0.5 + 1e-9);
        if (count === 1) continue;
        const aDay = Math.min(count, Math.ceil(Math.round((24 * HOUR * 1e6) / apartMs) / 1e6));
        expect(aDay * one.quotaShare).toBeLessThanOrEqual(0.3 + 1e-9);
        expect(one.hours * HOUR).toBeLessThanOrEqual(apartMs);
      }
    }
  });
});

describe("a wave that is too fast", () => {
  const wave = { wave: "everyone", path: "releases/x.ts: waves[2]", deadlineMs: 48 * HOUR };

  it("is a problem with its numbers and the parts that pace needs", () => {
    expect(waveTooFast({ ...wave, devices: 30_000, tier: "S1", units: 1 })).toEqual({
      // 30,000 there and back are 600,000 messages: more than a day has.
      severity: "error",
      code: "WAVE_TOO_FAST",
      path: "releases/x.ts: waves[2]",
      // 300,000 of 400,000 messages; 210,000 writes at 50/s are 4,200 s.
      summary:
        'wave "everyone" updates 30000 devices at once: 75% of a day\'s messages of S1 x 1 (at most 30%), ' +
        "1.2 hours at its twin throttle (at most 12 hours, a quarter of the deadline); " +
        "30000 in a day are more than its 400000 messages can take back",
      hint: 'write in the wave: pace: { parts: 3, every: "24 hours" }; or make the wave smaller, or the hub bigger',
    });
  });

  it("may take another share of the day where that is declared", () => {
    const input = { ...wave, devices: 30_000, tier: "S1", units: 1 } as const;
    expect(waveTooFast({ ...input, quotaShare: 0.75 })).toBeUndefined();
    expect(waveTooFast({ ...input, quotaShare: 0.1 })?.hint).toContain("parts: 8");
  });

  it("by the throttle alone is one too", () => {
    // 140,000 s against a quarter of 48 hours.
    expect(waveTooFast({ ...wave, devices: 1_000_000, tier: "S2", units: 10 })?.hint).toContain(
      'pace: { parts: 4, every: "10 hours" }',
    );
    expect(waveTooFast({ ...wave, devices: 300_000, tier: "S2", units: 10 })).toBeUndefined();
  });

  it.each([
    // devices, pace, severity
    // 37.5% of a day, and 75% there and back: telemetry suffers, nobody is stranded.
    [15_000, undefined, "warning"],
    [20_000, undefined, "warning"],
    [20_001, undefined, "error"],
    // A third of 30,000 a day.
    [30_000, { parts: 3, everyMs: 24 * HOUR }, undefined],
    // Three parts within a day are no pace for the quota.
    [30_000, { parts: 3, everyMs: 6 * HOUR }, "error"],
    // Two of them a day: 20,000 devices, half of its messages.
    [30_000, { parts: 3, everyMs: 12 * HOUR }, "warning"],
    // Parts of 5,000 take 700 s at the throttle: the next comes before the last one is through.
    [10_000, { parts: 2, everyMs: 600_000 }, "warning"],
    [10_000, { parts: 2, everyMs: 700_000 }, undefined],
    // A hundred parts a day are a hundred days; nothing else would do.
    [1_200_000, { parts: 100, everyMs: 24 * HOUR }, undefined],
    [1_200_100, { parts: 100, everyMs: 24 * HOUR }, "warning"],
  ] as const)("%i devices on S1 x 1, paced %o: %s", (devices, pace, severity) => {
    const found = waveTooFast({ ...wave, devices, tier: "S1", units: 1, ...(pace && { pace }) });
    expect(found?.severity).toBe(severity);
  });

  it("proposes a pace with which it is none", () => {
    let proposed = 0;
    for (const [tier, units] of [
      ["F1", 1],
      ["S1", 1],
      ["S1", 7],
      ["S2", 1],
      ["S2", 30],
      ["S3", 2],
    ] as const)
      for (const deadlineMs of [HOUR, 7 * HOUR, 48 * HOUR])
        for (let devices = 50; devices < 3_000_000; devices = Math.ceil(devices * 1.37)) {
          const input = { ...wave, deadlineMs, devices, tier, units };
          const hint = waveTooFast(input)?.hint ?? "";
          const [, parts, every = ""] = /parts: (\d+), every: "([^"]+)"/.exec(hint) ?? [];
          if (parts === undefined) {
            expect(hint).toMatch(/^$|^make the wave smaller or the hub bigger: it would take \d{3,} parts$/);
            continue;
          }
          proposed += 1;
          const everyMs = parseDuration(every);
          if (everyMs === undefined) throw new Error(hint);
          const pace = { parts: Number(parts), everyMs };
          expect(waveTooFast({ ...input, pace }), `${JSON.stringify(input)} ${hint}`).toBeUndefined();
        }
    expect(proposed).toBeGreaterThan(100);
  });
});

describe("room to take back", () => {
  it.each([
    // exposed, used today, telemetry to come, left, take back, devices that may be added
    // Untouched S1: each of them costs 10 there and 10 back.
    [0, 0, 0, 400_000, 0, 20_000],
    // 5,000 exposed need 50,000; (400,000 - 100,000 - 50,000) / 20.
    [5_000, 100_000, 0, 300_000, 50_000, 12_500],
    // Telemetry will take 240,000 more: 60,000 are left, 10,000 of them free.
    [5_000, 100_000, 240_000, 60_000, 50_000, 500],
    // Nothing more may be exposed once a return of everyone would take all that is left.
    [6_000, 340_000, 0, 60_000, 60_000, 0],
    [6_000, 350_000, 0, 50_000, 60_000, 0],
    [6_000, 400_123, 0, 0, 60_000, 0],
  ])("%i exposed, %i used, %i to come", (exposed, usedToday, telemetryToCome, left, back, devices) => {
    expect(takeBackRoom({ tier: "S1", units: 1, exposed, usedToday, telemetryToCome })).toEqual({
      messagesLeft: left,
      takeBackMessages: back,
      devices,
    });
  });

  it("leaves enough for everyone after the devices it allows were added, and not for one more", () => {
    const room = takeBackRoom({ tier: "S1", units: 1, exposed: 777, usedToday: 12_345 });
    const leftAfter = (added: number): number => 400_000 - 12_345 - 10 * added - 10 * (777 + added);
    expect(leftAfter(room.devices)).toBeGreaterThanOrEqual(0);
    expect(leftAfter(room.devices + 1)).toBeLessThan(0);
  });
});
