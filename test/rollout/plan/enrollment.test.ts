import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { hubLimits, type HubTier } from "../../../rollout/model/hub-limits.ts";
import { planEnrollment, type EnrollmentOptions } from "../../../rollout/plan/enrollment.ts";

/** Share of a day's messages that enrolling may use. */
const QUOTA_SHARE = 0.3;

function options(changes: Partial<EnrollmentOptions> = {}): EnrollmentOptions {
  return { limits: hubLimits("S1", 1), share: 0.5, importAbove: 50_000, hasContainer: true, ...changes };
}

const missing = (count: number): { devices: number; stamped: number; missing: number } => ({
  devices: count + 10,
  stamped: 10,
  missing: count,
});

describe("planEnrollment", () => {
  it.each([
    // devices, tier, units, share, seconds: pages over the first minute's, then the writes at the share of 50 a second
    [100, "S1", 1, 0.5, 4],
    [5_000, "S1", 1, 0.5, 40 * 6 + 200],
    [5_000, "S1", 1, 1, 30 * 3 + 100],
    [5_000, "S1", 10, 0.5, 200],
    [5_000, "S2", 20, 0.5, 100],
    [5_000, "S3", 1, 0.5, 40],
  ] as const)(
    "prices %i devices on %s × %i at a share of %d with %i seconds",
    (count, tier, units, share, seconds) => {
      const plan = planEnrollment(missing(count), options({ limits: hubLimits(tier, units), share }));
      expect(plan).toMatchObject({ method: "twin patches", thisRun: count, days: 1 });
      expect(plan.durationMs).toBe(seconds * 1_000);
    },
  );

  it.each([
    [0, true, "none"],
    [1, true, "twin patches"],
    [50_000, true, "twin patches"],
    [50_001, true, "import job"],
    [50_001, false, "twin patches"],
  ] as const)("takes for %i devices, container %s: %s", (count, hasContainer, method) => {
    const plan = planEnrollment(missing(count), options({ hasContainer }));
    expect(plan.method).toBe(method);
    expect(plan.note !== undefined).toBe(count > 50_000 && !hasContainer);
  });

  it("leaves most of a day's messages to the fleet, and says how many days it takes", () => {
    // On the free tier a row of a query and a write are 1.6 messages of 512 bytes.
    const plan = planEnrollment(missing(5_000), options({ limits: hubLimits("F1", 1) }));
    expect(plan).toMatchObject({ thisRun: 1_513, days: 4, dailyMessages: 8_000 });
    expect(plan.messages).toBeLessThanOrEqual(QUOTA_SHARE * 8_000);
  });

  it("counts buckets that are none, and never fewer than no device", () => {
    expect(planEnrollment({ devices: 10, stamped: 4, missing: 3 }, options()).malformed).toBe(3);
    expect(planEnrollment({ devices: 5, stamped: 4, missing: 3 }, options()).malformed).toBe(0);
  });

  test.prop([
    fc.integer({ min: 1, max: 1_000_000 }),
    fc.constantFrom<HubTier>("F1", "S1", "S2", "S3"),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 1, max: 100 }),
  ])(
    "never plans more than the share of the quota, nor faster than the share of the rate",
    (count, tier, units, percent) => {
      const limits = hubLimits(tier, units);
      const share = percent / 100;
      const plan = planEnrollment(missing(count), options({ limits, share, hasContainer: false }));
      expect(plan.messages).toBeLessThanOrEqual(Math.ceil(QUOTA_SHARE * limits.messagesPerDay));
      expect(plan.thisRun * plan.days).toBeGreaterThanOrEqual(count);
      expect((plan.durationMs ?? 0) / 1_000).toBeGreaterThanOrEqual(
        plan.thisRun / (limits.twinWritesPerSecond * share),
      );
    },
  );
});
