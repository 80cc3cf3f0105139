import { describe, expect, it } from "vitest";
import { bakedSince, coverageAt } from "../../../rollout/engine/coverage.ts";
import type { Look } from "../../../rollout/model/look.ts";
import { anIntent } from "./an-intent.ts";

const intent = anIntent({
  wave: 1,
  strata: ["A"],
  proving: ["A"],
  openedAt: 1_000,
  partOpenedAt: 1_000,
  targeted: { A: 100 },
  added: { A: 10 },
});

function aLook(at: number, all: number, wave: number, more: Partial<Look> = {}): Look {
  const tally = (ok: number): Look["views"]["all"] => ({ A: { ok, failed: 0, contacted: 0 } });
  return { at, wave: 1, views: { all: tally(all), wave: tally(wave) }, answered: 0, ...more };
}

describe("the coverage of a wave", () => {
  it("is that of the devices it added, where theirs is worse", () => {
    expect(coverageAt(aLook(2_000, 95, 5), intent, [])).toEqual({ contacted: 5, targeted: 10 });
  });

  it("is that of everyone, where theirs is worse", () => {
    expect(coverageAt(aLook(2_000, 50, 10), intent, [])).toEqual({ contacted: 50, targeted: 100 });
  });

  it("counts devices with nothing to do as having answered, those of this wave for this wave", () => {
    const before = aLook(500, 80, 0, { wave: 0, answered: 85 });
    const now = aLook(2_000, 84, 4, { answered: 92 });
    expect(coverageAt(now, intent, [before, now])).toEqual({ contacted: 7, targeted: 10 });
  });

  it("starts the bake at the first look of this wave that found it reached", () => {
    const looks = [aLook(900, 100, 10), aLook(1_100, 95, 5), aLook(1_200, 99, 9), aLook(1_300, 100, 10)];
    expect(bakedSince(intent, looks)).toBe(1_200);
    expect(bakedSince(intent, looks.slice(0, 2))).toBeUndefined();
  });
});
