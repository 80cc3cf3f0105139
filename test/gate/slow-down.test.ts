import { describe, expect, it } from "vitest";
import { assessWave } from "../../rollout/gate/assess.ts";
import { slowDownReason } from "../../rollout/gate/slow-down.ts";
import { aWave, counted, devices, GATE } from "./a-wave.ts";

describe("a paced wave", () => {
  const views = ["cumulative", "wave"] as const;

  it("opens its next part while nothing speaks against the release", () => {
    expect(slowDownReason(aWave(), views)).toBeUndefined();
    expect(slowDownReason(aWave({ counts: counted({}) }), views)).toBeUndefined();
  });

  it("opens none while the evidence is half of the way to a stop, which it does not reach", () => {
    // The threshold is 80: half of the way, on the scale of logarithms, is its square root.
    const input = aWave({ counts: counted({ A: devices(15, { failed: 3 }) }) });
    expect(assessWave(input).kind).toBe("hold");
    expect(slowDownReason(input, views)).toMatchObject({ code: "SLOWED", stratum: "A", k: 3, n: 15 });
  });

  it("goes on when further devices outweigh them", () => {
    const input = aWave({ counts: counted({ A: devices(150, { failed: 3 }) }) });
    expect(slowDownReason(input, views)).toBeUndefined();
  });

  it("opens none when more than half of the harm cap is used up", () => {
    const counts = counted({ A: devices(500, { failed: 2 }), B: devices(500, { unresolved: 1, silent: 1 }) });
    const capped = (harmCap: number): ReturnType<typeof slowDownReason> =>
      slowDownReason(aWave({ counts, gate: { ...GATE, harmCap } }), views);
    expect(capped(5)).toMatchObject({ code: "SLOWED", k: 3 });
    expect(capped(6)).toBeUndefined();
  });
});
