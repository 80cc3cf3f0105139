import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { cumulativeIncidence } from "../../rollout/gate/curves/cumulative-incidence.ts";
import { kaplanMeier } from "../../rollout/gate/curves/kaplan-meier.ts";

const ends = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 20 }),
    cause: fc.constantFrom("ok", "failed", "silent", undefined),
  }),
  { minLength: 1, maxLength: 60 },
);

describe("shares of devices that have ended by an instant", () => {
  test.prop([ends, fc.integer({ min: 0, max: 20 })])("make 1 with those that have not", (all, at) => {
    const { byCause, unresolved } = cumulativeIncidence({ ends: all, at });
    expect([...byCause.values(), unresolved].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test.prop([ends, fc.integer({ min: 0, max: 20 })])(
    "are plain shares while nobody is lost sight of",
    (all, at) => {
      const seen = all.map(({ time, cause }) => ({ time, cause: cause ?? "ok" }));
      const { byCause } = cumulativeIncidence({ ends: seen, at });
      for (const name of ["ok", "failed", "silent"]) {
        const share = seen.filter(({ time, cause }) => cause === name && time <= at).length / seen.length;
        expect(byCause.get(name) ?? 0).toBeCloseTo(share, 12);
      }
    },
  );

  test.prop([ends, fc.integer({ min: 0, max: 20 })])(
    "of any cause are what Kaplan and Meier say of all",
    (all, at) => {
      const lifetimes = all.map(({ time, cause }) => ({ time, isEvent: cause !== undefined }));
      const { survival, lower, upper } = kaplanMeier({ lifetimes, at, conf: 0.9 });
      expect(survival).toBeCloseTo(cumulativeIncidence({ ends: all, at }).unresolved, 12);
      expect(lower).toBeLessThanOrEqual(survival);
      expect(upper).toBeGreaterThanOrEqual(survival);
    },
  );

  it("are not defined by a time that is none", () => {
    const broken = [{ time: Number.NaN, cause: "ok" }];
    expect(() => cumulativeIncidence({ ends: broken, at: 1 })).toThrow("a time must be finite");
  });
});
