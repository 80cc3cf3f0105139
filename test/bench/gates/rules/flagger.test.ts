import { describe, expect, it } from "vitest";
import { flagger, FLAGGER_EXAMPLE } from "../../../../bench/gates/rules/flagger.ts";
import type { Shown } from "../../../../bench/gates/rules/rule.ts";
import { seen, shown } from "./seen.ts";

const GOOD = shown(seen({ targeted: 100, ok: 99, failed: 1 }));
const BAD = shown(seen({ targeted: 100, ok: 98, failed: 2 }));

describe("Flagger's rule, with the example of its documentation", () => {
  it("rolls back after interval × threshold when the checks are failing", () => {
    // docs/gitbook/usage/deployment-strategies.md gives that formula; the run that finds the threshold reached acts.
    expect(firstStop(Array.from({ length: 20 }, () => BAD))).toBe(FLAGGER_EXAMPLE.threshold);
  });

  it("halts the advance while a check fails, and goes on with one that passes", () => {
    const judge = flagger(FLAGGER_EXAMPLE).start();
    expect([BAD, GOOD].map((look) => judge(look))).toEqual(["wait", "go"]);
  });

  it("does not forget failed checks between passed ones", () => {
    expect(firstStop(Array.from({ length: 30 }, (_, look) => (look % 2 === 0 ? BAD : GOOD)))).toBe(19);
  });

  it("fails a check without a value, and makes none before anything was routed", () => {
    const nobody = shown(seen({ targeted: 100, contacted: 0 }));
    const noReports = shown(seen({ targeted: 100 }));
    expect(firstStop([nobody, nobody, ...Array.from({ length: 20 }, () => noReports)])).toBe(12);
  });

  it("never counts silence", () => {
    expect(flagger(FLAGGER_EXAMPLE).start()(shown(seen({ targeted: 100, ok: 10, silent: 90 })))).toBe("go");
  });
});

function firstStop(looks: readonly Shown[]): number {
  const judge = flagger(FLAGGER_EXAMPLE).start();
  return looks.findIndex((look) => judge(look) === "stop");
}
