import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { playScenarios } from "../../../rollout/cli/forecast/play-scenarios.ts";
import { scenariosOf } from "../../../rollout/forecast/scenarios.ts";
import { aRollout } from "../forecast/a-rollout.ts";

const model = aRollout();
const WHAT = { model, scenarios: scenariosOf(model), runs: 20_000, seed: 1 };

describe.each([1, 2])("playing scenarios with workers: %i", (workers) => {
  it("ends where somebody interrupts it while it plays", async () => {
    const interrupt = new AbortController();
    const playing = playScenarios({ ...WHAT, workers, signal: interrupt.signal });
    await Promise.all([
      expect(playing).rejects.toMatchObject({ code: "INTERRUPTED" }),
      turn().then(() => {
        interrupt.abort();
      }),
    ]);
  });

  it("does not begin where somebody has interrupted it before", async () => {
    const playing = playScenarios({ ...WHAT, workers, signal: AbortSignal.abort() });
    await expect(playing).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
