import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { formatEvidence, formatThreshold } from "../../rollout/gate/format-evidence.ts";

describe("evidence as people read it", () => {
  it.each([
    [5112.24, "5,112"],
    [90.22, "90"],
    [79.99, "79"],
    [10, "10"],
    [7.96, "7.9"],
    [1, "1"],
    [0.1438, "0.14"],
    [0.0031, "0.0031"],
    [0.00000123, "1.2e-6"],
    [0, "0"],
    [999_999.9, "999,999"],
    [1_234_567, "1.2e6"],
    [1e308, "1.0e308"],
  ])("%d is %s", (evidence, text) => {
    expect(formatEvidence(evidence)).toBe(text);
  });

  it.each([
    [80, "80"],
    [6 / 0.05, "120"],
    [2 / 0.03, "67"],
    [1_600, "1,600"],
    [2_400_000, "2.4e6"],
  ])("the threshold %d is %s", (threshold, text) => {
    expect(formatThreshold(threshold)).toBe(text);
  });

  const amount = fc.double({ min: 10, max: 900_000, noNaN: true });
  test.prop([amount, amount])(
    "evidence short of a threshold never reads as if it reached it",
    (evidence, threshold) => {
      const read = (text: string): number => Number(text.replaceAll(",", ""));
      if (evidence >= threshold * (1 - 1e-9)) return;
      expect(read(formatEvidence(evidence))).toBeLessThan(read(formatThreshold(threshold)) + 1e-9);
      expect(read(formatEvidence(evidence))).toBeLessThanOrEqual(evidence);
    },
  );
});
