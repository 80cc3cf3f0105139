import { describe, expect, it } from "vitest";
import { playScenarios } from "../../../rollout/cli/forecast/play-scenarios.ts";
import { forecastMarkdown } from "../../../rollout/cli/views/forecast-markdown.ts";
import { forecastSvg } from "../../../rollout/cli/views/forecast-svg.ts";
import { renderForecast } from "../../../rollout/cli/views/forecast.ts";
import { quantile } from "../../../rollout/forecast/figures.ts";
import { forecastOf, type Forecast, type PlayedRelease } from "../../../rollout/forecast/forecast.ts";
import type { RolloutModel } from "../../../rollout/forecast/rollout-model.ts";
import { PRIOR, scenarioNumber, scenariosOf } from "../../../rollout/forecast/scenarios.ts";
import { aRollout, aWave } from "./a-rollout.ts";

const SEED = 3;

async function played(model: RolloutModel, version: string, workers = 1): Promise<PlayedRelease> {
  const tables = await playScenarios({
    model,
    scenarios: scenariosOf(model),
    runs: 60,
    seed: SEED,
    workers,
  });
  return { version, model, tables };
}

/** Played once for all of what follows: no test changes it. */
const AFTER = played(aRollout(), "2.0.1");

describe(`a forecast (seed ${SEED})`, () => {
  it("has the same bytes with one worker and with two", async () => {
    const [one, two] = await Promise.all([AFTER, played(aRollout(), "2.0.1", 2)]);
    const text = (after: PlayedRelease): string =>
      JSON.stringify(forecastOf({ product: "press", seed: SEED, after, assumptions: [] }));
    expect(text(two)).toBe(text(one));
  });

  it("shows what a change of the waves does, with arrows only where it is beyond chance", async () => {
    // The same fleet; the first wave takes a fifth of it at once instead of 2%.
    const before = await played(aRollout({ waves: [aWave(0.2), aWave(1)] }), "2.0.0");
    const after = await AFTER;
    const forecast = forecastOf({ product: "press", seed: SEED, after, before, assumptions: ["made up"] });
    const change = forecast.before!.changes.find(({ scenario }) => scenario === "reported 20%")!;
    expect(change.harmed.mean + change.harmed.error).toBeLessThan(0);
    const text = renderForecast(forecast);
    const row = text.split("\n").find((line) => line.startsWith("  20%"))!;
    expect(row).toMatch(/100%.*\d+ → \d+/);
    expect(row).not.toMatch(/100% →/);
    const same = forecastOf({ product: "press", seed: SEED, after, before: after, assumptions: [] });
    expect(renderForecast(same)).not.toContain("→");
    expect(same.before!.changes.every(({ stopped, harmed }) => stopped.mean === 0 && harmed.mean === 0)).toBe(
      true,
    );
  });

  it("shows the change at a rate that a gate names with more digits than are shown", async () => {
    const gate = { reject: 0.0825 };
    const before = await played(aRollout({ gate, waves: [aWave(0.2), aWave(1)] }), "2.0.0");
    const after = await played(aRollout({ gate }), "2.0.1");
    const forecast = forecastOf({ product: "press", seed: SEED, after, before, assumptions: [] });
    const row = renderForecast(forecast)
      .split("\n")
      .find((line) => line.startsWith("  8.2%") || line.startsWith("  8.3%"));
    expect(row).toMatch(/\d+ → \d+/);
  });

  it("is right about itself: harm rises with the rate, chances add up, expectation is the prior's", async () => {
    const forecast = forecastOf({ product: "press", seed: SEED, after: await AFTER, assumptions: [] });
    const stops = forecast.curve.map(({ reported }) => reported.stopped.mean);
    expect(stops[0]).toBeLessThan(0.02);
    expect(stops.at(-1)).toBeGreaterThan(0.98);
    for (const { reported, silent } of forecast.curve)
      for (const figures of [reported, silent]) {
        expect(figures.stopped.mean + figures.stuck.mean).toBeLessThanOrEqual(1);
        expect(figures.worst.mean).toBeLessThanOrEqual(figures.harmed.mean);
        expect(figures.unseen).toBeLessThanOrEqual(figures.harmed.mean);
        expect(figures.reached[0]).toBe(1);
        expect(figures.reached.toSorted((a, b) => b - a)).toEqual(figures.reached);
      }
    const byId = new Map(forecast.others.map((one) => [one.id, one]));
    const expected = PRIOR.reduce((sum, { scenario, weight }) => {
      const own =
        byId.get(scenario) ??
        forecast.curve.find(({ rate }) => scenario === `reported ${rate * 100}%`)!.reported;
      return sum + weight * own.harmed.mean;
    }, 0);
    expect(forecast.expected.harmed).toBeCloseTo(expected, 9);
    expect(PRIOR.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it.each([
    ["of ordinary rates", {}],
    ["of rates that differ in their fourth digit alone", { tolerate: 0.00501, reject: 0.02003 }],
    ["of one in a hundred thousand", { tolerate: 0.00001, reject: 0.00004 }],
  ])("has a name and random numbers of its own for every scenario %s", (_, gate) => {
    const scenarios = scenariosOf(aRollout({ gate }));
    for (const distinct of [scenarios.map(({ id }) => id), scenarios.map(scenarioNumber)])
      expect(new Set<string | number>(distinct).size).toBe(scenarios.length);
  });
});

describe("the views of a forecast", () => {
  it("fit 80 columns in the tables, fold in a pull request, and are a picture that reads on light and dark", async () => {
    const after = await AFTER;
    const forecast: Forecast = forecastOf({ product: "press", seed: SEED, after, assumptions: ["a | b"] });
    const text = renderForecast(forecast);
    expect(text).toMatch(/^press 2\.0\.1: a good release \(2% fail\) is stopped in .*\n?.*harmed on average/);
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    const markdown = forecastMarkdown(forecast);
    expect(markdown.match(/<details>/g)).toHaveLength(5);
    expect(markdown).toContain("- a \\| b");
    for (const table of markdown.split("\n\n").filter((part) => part.startsWith("|"))) {
      const columns = table.split("\n").map((line) => line.split(" | ").length);
      expect(new Set(columns).size).toBe(1);
    }
    const svg = forecastSvg({ ...forecast, product: "a<b" });
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toContain("a<b");
    expect(svg.match(/<path class="(reported|silent)"/g)).toHaveLength(2);
    expect(svg).not.toContain("NaN");
  });
});

describe("the quantile", () => {
  it("is that of type 7: between the order statistics, in a straight line", () => {
    const values = Float64Array.of(15, 20, 35, 40, 50);
    expect([0, 0.05, 0.3, 0.4, 0.5, 1].map((share) => quantile(values, share))).toEqual([
      15, 16, 23, 29, 35, 50,
    ]);
    expect(quantile(new Float64Array(0), 0.5)).toBe(0);
  });
});
