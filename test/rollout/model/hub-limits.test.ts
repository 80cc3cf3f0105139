import { describe, expect, it } from "vitest";
import { hubLimits } from "../../../rollout/model/hub-limits.ts";

// Worked by hand from the published table [IoT Hub quotas and throttling].

describe("the limits of a hub", () => {
  it.each([
    // tier, units, configuration calls/min, queries/min, twin reads/s, twin writes/s, messages/day, meter bytes
    ["F1", 1, 20, 20, 100, 50, 8_000, 512],
    ["S1", 1, 20, 20, 100, 50, 400_000, 4_096],
    ["S1", 200, 4_000, 4_000, 100, 50, 80_000_000, 4_096],
    ["S2", 1, 20, 20, 100, 50, 6_000_000, 4_096],
    // Up to ten units the floors of 100/s and 50/s hold; at eleven 110 and 55 are more.
    ["S2", 10, 200, 200, 100, 50, 60_000_000, 4_096],
    ["S2", 11, 220, 220, 110, 55, 66_000_000, 4_096],
    ["S3", 1, 20, 1_000, 500, 250, 300_000_000, 4_096],
    ["S3", 10, 200, 10_000, 5_000, 2_500, 3_000_000_000, 4_096],
  ] as const)("%s x %i", (tier, units, configurations, queries, reads, writes, messages, meter) => {
    expect(hubLimits(tier, units)).toEqual({
      configurations: tier === "F1" ? 10 : 100,
      configurationCallsPerMinute: configurations,
      queriesPerMinute: queries,
      twinReadsPerSecond: reads,
      twinWritesPerSecond: writes,
      messagesPerDay: messages,
      meterBytes: meter,
    });
  });
});
