import { describe, expect, it } from "vitest";
import { tune } from "../../../bench/gates/tune.ts";

describe("tune", () => {
  it("finds the setting at which a falling rate meets the target", () => {
    const { chosen } = tune({
      rateOf: (setting) => 1 / setting,
      strictest: 1,
      most: 1000,
      target: 0.05,
      steps: 30,
    });
    expect(chosen.setting).toBeCloseTo(20, 4);
  });

  it("takes the nearer side of a step, where no setting meets the target", () => {
    const rateOf = (setting: number): number => (setting < 7 ? 0.06 : 0.02);
    const { chosen, strict, lenient } = tune({ rateOf, strictest: 1, most: 100, target: 0.05, steps: 20 });
    expect(chosen).toBe(strict);
    expect([strict.rate, lenient.rate]).toEqual([0.06, 0.02]);
    expect(strict.setting).toBeCloseTo(7, 3);
  });

  it("refuses a range that does not hold the target", () => {
    const rateOf = (): number => 0.5;
    expect(() => tune({ rateOf, strictest: 1, most: 10, target: 0.05, steps: 3 })).toThrow(
      /no setting between 1 and 10/,
    );
  });
});
