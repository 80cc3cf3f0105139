import { describe, expect, it } from "vitest";
import { peekedWilson, WILSON_USUAL, wilsonLower } from "../../../../bench/gates/rules/peeked-wilson.ts";
import { seen, shown } from "./seen.ts";

describe("the peeked Wilson interval", () => {
  it.each([
    // The values wilson-05 and wilson-07 of test/fixtures/stats-reference.json (mpmath, R's prop.test).
    [20, 1000, 1.959963984540054, 0.012983682916415135],
    [120, 10_000, 2.5758293035489004, 0.0095011908916878],
  ])("has the lower end that R computes for %i of %i", (k, n, z, lower) => {
    expect(Math.abs(wilsonLower({ k, n, z }) / lower - 1)).toBeLessThan(1e-9);
  });

  it("starts at zero when nothing failed", () => {
    expect(wilsonLower({ k: 0, n: 59, z: 1.96 })).toBe(0);
  });

  it("stops when the interval lies above the tolerated rate, silence counted, and not before 20 devices", () => {
    const judge = peekedWilson({ tolerate: 0.01, ...WILSON_USUAL }).start();
    expect(judge(shown(seen({ targeted: 100, contacted: 19, failed: 5 })))).toBe("go");
    expect(judge(shown(seen({ targeted: 100, contacted: 20, failed: 1, silent: 1 })))).toBe("stop");
    expect(judge(shown(seen({ targeted: 100, contacted: 100, failed: 1, silent: 1 })))).toBe("go");
  });
});
