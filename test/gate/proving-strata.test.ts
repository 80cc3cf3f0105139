import { describe, expect, it } from "vitest";
import { provingShare, strataThatCanProve } from "../../rollout/gate/proving-strata.ts";

describe("strata that can prove a gate", () => {
  const gate = { reject: 0.1, missedBad: 0.05 };

  it("hold at least the least number of clean devices, and come sorted", () => {
    expect(strataThatCanProve({ c: 40, b: 39, a: 1_000, d: 0 }, gate)).toEqual(["a", "c"]);
    expect(strataThatCanProve({ a: 81, b: 82 }, { reject: 0.05, missedBad: 0.05 })).toEqual(["b"]);
  });

  it("are none in a fleet without devices", () => {
    expect(strataThatCanProve({}, gate)).toEqual([]);
  });

  it("hold a share of a wave's devices, nothing of a wave without any", () => {
    expect(provingShare({ a: 90, b: 10 }, ["a", "z"])).toBe(0.9);
    expect(provingShare({ a: 0 }, ["a"])).toBe(0);
    expect(provingShare({}, [])).toBe(0);
  });
});
