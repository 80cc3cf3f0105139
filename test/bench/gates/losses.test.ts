import { describe, expect, it } from "vitest";
import type { Compared } from "../../../bench/gates/compare.ts";
import { KINDS, truthOf } from "../../../bench/gates/fleet.ts";
import { lossesOf, markdownLosses } from "../../../bench/gates/losses.ts";
import { clockedGate, wavegate } from "../../../bench/gates/own-gate.ts";
import { playMany } from "../../../bench/gates/play.ts";

const RATES = [0.01, 0.05];

describe("the places where we lose", () => {
  it("are those above the tolerated rate where another rule harms fewer, beyond chance", () => {
    const compared = [
      aRule(wavegate.name, [100, 50]),
      aRule("hawkBit", [10, 49]),
      aRule("AWS IoT Jobs", [10, 30]),
      aRule("Flagger", [10, 20]),
    ];
    const losses = lossesOf(compared, RATES);
    expect(losses.map(({ kind, rate }) => [kind, rate])).toEqual(KINDS.map(({ name }) => [name, 0.05]));
    expect(markdownLosses(losses.slice(0, 1))).toBe(
      "- 5% reported, everywhere: Flagger 20, AWS IoT Jobs 30; wavegate 50.",
    );
  });

  it("are none where nobody is better, and our own gate as it could be does not count", () => {
    const compared = [aRule(wavegate.name, [100, 50]), aRule(clockedGate.name, [10, 10])];
    expect(markdownLosses(lossesOf(compared, RATES))).toBe("None.");
  });

  it("to silence come from what the looks leave in doubt: with a clock for each device our gate harms fewer", () => {
    const seed = 5;
    const [ours, clocked] = [wavegate, clockedGate].map(({ documented: { rule } }) =>
      playMany({ rule, truth: truthOf(KINDS[1], 0.05), runs: 20, seed }),
    );
    expect(clocked?.harmed, `seed ${seed}`).toBeLessThan((ours?.harmed ?? 0) / 2);
  });
});

function aRule(name: string, harmed: readonly number[]): Compared {
  const cells = KINDS.map(() =>
    harmed.map((count) => ({
      stopped: 1,
      held: 0,
      harmed: count,
      harmedError: 1,
      harmedP95: count,
      days: 1,
    })),
  );
  const row = { name, settings: "", falseStop: 0.05, cells };
  const tuned = { setting: 1, rate: 0.05 };
  return { documented: row, tuned: row, tuning: { chosen: tuned, strict: tuned, lenient: tuned } };
}
