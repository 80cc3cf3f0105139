import { describe, expect, it } from "vitest";
import { MODEL, truthOf, KINDS } from "../../../bench/gates/fleet.ts";
import type { Shown } from "../../../bench/gates/rules/rule.ts";
import { stopRuleOf } from "../../../bench/gates/stop-rule-of.ts";
import { playMany } from "../../../bench/gates/play.ts";

const SEED = 11;
const truth = truthOf(KINDS[1], 0.1);

describe(`a rule in the simulator (seed ${SEED})`, () => {
  it("is shown counts that add up, wave by wave, and each device once in a group", () => {
    const seen: { readonly wave: number; readonly targeted: number; readonly sum: boolean }[] = [];
    const look = ({ wave, group, everyone }: Shown): "go" => {
      const adds = everyone.ok + everyone.failed + everyone.silent <= everyone.contacted;
      const within = group.contacted <= everyone.contacted && everyone.contacted <= everyone.targeted;
      seen.push({ wave, targeted: group.targeted, sum: adds && within });
      return "go";
    };
    const played = playMany({
      rule: stopRuleOf({ name: "spy", start: () => look }),
      truth,
      runs: 1,
      seed: SEED,
    });
    expect(played).toMatchObject({ stopped: 0, held: 0 });
    expect(seen.every(({ sum }) => sum)).toBe(true);
    const targeted = MODEL.added.map((strata) => strata.reduce((sum, count) => sum + count, 0));
    expect(MODEL.added.map((_, wave) => seen.find((one) => one.wave === wave)?.targeted)).toEqual(targeted);
    // Each wave bakes for 72 hours at the least, looked at every hour.
    expect(seen.length).toBeGreaterThan(4 * 72);
  });

  it("forgets between two rollouts, waits while it says so, and asks a person in the end", () => {
    const starts: number[] = [];
    const rule = stopRuleOf({ name: "never", start: () => (starts.push(1), () => "wait") });
    expect(playMany({ rule, truth, runs: 3, seed: SEED })).toMatchObject({ stopped: 0, held: 1 });
    expect(starts.length).toBeGreaterThanOrEqual(3);
  });

  it("shows silent devices once their deadline is over, and their share is that of the release", () => {
    let last: Shown["everyone"] | undefined;
    const rule = stopRuleOf({
      name: "spy",
      start: () => (shown) => {
        if (shown.wave === 1) last = { ...shown.everyone };
        return shown.wave > 1 ? "stop" : "go";
      },
    });
    playMany({ rule, truth, runs: 1, seed: SEED });
    const { silent = 0, contacted = 1 } = last ?? {};
    expect(silent / contacted).toBeGreaterThan(0.07);
    expect(silent / contacted).toBeLessThan(0.11);
  });
});
