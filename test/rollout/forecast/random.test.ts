import { randomBinomial } from "d3-random";
import { describe, expect, it } from "vitest";
import reference from "../../fixtures/stats-reference.json" with { type: "json" };
import { betaVariate } from "../../../rollout/forecast/random/beta.ts";
import { binomial } from "../../../rollout/forecast/random/binomial.ts";
import { multinomial } from "../../../rollout/forecast/random/multinomial.ts";
import { nextChance, streamOf } from "../../../rollout/forecast/random/stream.ts";
import { createXoshiro128 } from "../../../rollout/forecast/random/xoshiro128.ts";
import { logGamma } from "../../../rollout/gate/log-gamma.ts";

const SEED = 20_261_126;

describe("xoshiro128**", () => {
  it("gives the outputs of the published algorithm", () => {
    const entries = reference.entries.filter(({ fn }) => fn === "xoshiro128starstar");
    expect(entries.length).toBeGreaterThan(0);
    for (const { args, value } of entries) {
      // The fixture's entries of this function have a state of four words.
      const random = createXoshiro128((args as unknown as { state: [number, number, number, number] }).state);
      expect((value as number[]).map(() => random.nextUint32())).toEqual(value);
    }
  });

  it("refuses the one state it cannot leave", () => {
    expect(() => createXoshiro128([0, 0, 0, 0])).toThrow("all zero");
  });
});

describe("a stream of random numbers", () => {
  const start = (...place: number[]): number[] => {
    const random = streamOf(...place);
    return [random.nextUint32(), random.nextUint32(), random.nextUint32()];
  };

  it("is the same for the same place, and another for every neighbour", () => {
    expect(start(1, 2, 3, 4)).toEqual(start(1, 2, 3, 4));
    const seen = new Set<string>();
    for (let seed = 0; seed < 5; seed++)
      for (let scenario = 0; scenario < 5; scenario++)
        for (let run = 0; run < 40; run++)
          for (let stratum = 0; stratum < 4; stratum++) seen.add(start(seed, scenario, run, stratum).join());
    expect(seen.size).toBe(5 * 5 * 40 * 4);
  });

  it(`starts evenly: the first chances of 20,000 neighbours fill 50 cells (seed ${SEED})`, () => {
    const cells = new Array<number>(50).fill(0);
    for (let run = 0; run < 20_000; run++)
      cells[Math.floor(nextChance(streamOf(SEED, 1, run, 0, 0)) * 50)]!++;
    expect(standardized(cells, () => 1 / 50, 20_000)).toBeLessThan(4);
  });
});

const DRAWS = 30_000;

describe(`binomial counts, ${DRAWS} of each (seed ${SEED})`, () => {
  it.each([
    [4, 0.3],
    [30, 0.02],
    [900, 0.011],
    [1_000, 0.0101],
    [21, 0.49],
    [50, 0.5],
    [100, 0.9],
    [250_000, 0.92],
    [690_000, 0.0023],
    [1_000_000, 0.08],
  ])("n = %d, p = %d follow the exact law, and that of another library", (n, p) => {
    const random = streamOf(SEED, n, Math.round(p * 1e6));
    const own = (): number => binomial(random, n, p);
    const theirs = randomBinomial.source(() => nextChance(random))(n, p);
    for (const draw of [own, theirs]) {
      const counts = new Map<number, number>();
      for (let index = 0; index < DRAWS; index++) {
        const k = draw();
        counts.set(k, (counts.get(k) ?? 0) + 1);
      }
      expect(Math.abs(chiSquare(counts, n, p))).toBeLessThan(4);
    }
  });

  it("is 0 or everyone at the edges, and ends where rounding leaves a rest", () => {
    const random = streamOf(SEED);
    expect([binomial(random, 0, 0.5), binomial(random, 5, 0), binomial(random, 5, 1)]).toEqual([0, 0, 5]);
    expect(() => binomial(random, 5, NaN)).toThrow("5 devices with a chance of NaN cannot be drawn");
    for (let index = 0; index < 2_000; index++) {
      const k = binomial(random, 3, 1e-17);
      expect(k >= 0 && k <= 3).toBe(true);
    }
  });
});

describe(`devices over cells (seed ${SEED})`, () => {
  it.each([3, 40])("%d devices each fall into a cell by its chance", (count) => {
    const random = streamOf(SEED, count);
    const chances = Float64Array.of(0.5, 0.3, 0.15, 0.05);
    const cells = new Int32Array(4);
    const times = 20_000;
    for (let index = 0; index < times; index++) multinomial(random, count, chances, cells);
    expect(cells.reduce((sum, devices) => sum + devices, 0)).toBe(count * times);
    expect(standardized([...cells], (cell) => chances[cell]!, count * times)).toBeLessThan(4);
  });
});

describe(`rates of sites (seed ${SEED})`, () => {
  it.each([
    [0.19, 18.81],
    [2, 5],
  ])("have the mean and the variance of Beta(%d, %d)", (a, b) => {
    const random = streamOf(SEED, 9);
    const rates = Array.from({ length: 40_000 }, () => betaVariate(random, a, b));
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const exact = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(4 * Math.sqrt(exact / rates.length));
    expect(variance / exact).toBeGreaterThan(0.93);
    expect(variance / exact).toBeLessThan(1.07);
  });
});

/** Chi-square of counts against a binomial law, cells of fewer than 8 expected draws put together, as a normal deviate. */
function chiSquare(counts: ReadonlyMap<number, number>, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const from = Math.max(0, Math.floor(n * p - 7 * deviation - 3));
  const to = Math.min(n, Math.ceil(n * p + 7 * deviation + 3));
  for (const k of counts.keys()) expect(k >= from && k <= to).toBe(true);
  // Wide laws are put into about a hundred cells.
  const width = Math.max(1, Math.ceil((to - from) / 100));
  let [sum, cells, expected, found] = [0, 0, 0, 0];
  for (let k = from; k <= to; k++) {
    expected += DRAWS * Math.exp(logBinomial(n, p, k));
    found += counts.get(k) ?? 0;
    if (expected < 8 || ((k - from) % width !== 0 && k < to)) continue;
    sum += (found - expected) ** 2 / expected;
    cells++;
    [expected, found] = [0, 0];
  }
  return deviate(sum, cells - 1);
}

/** A chi-square as a normal deviate [Wilson & Hilferty 1931]. */
function deviate(chiSquared: number, freedom: number): number {
  const part = 2 / (9 * freedom);
  return ((chiSquared / freedom) ** (1 / 3) - (1 - part)) / Math.sqrt(part);
}

function logBinomial(n: number, p: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p);
}

/** Chi-square of cells with known chances, as a normal deviate. */
function standardized(cells: readonly number[], chanceOf: (cell: number) => number, total: number): number {
  const sum = cells.reduce((all, found, cell) => {
    const expected = total * chanceOf(cell);
    return all + (found - expected) ** 2 / expected;
  }, 0);
  return Math.abs(deviate(sum, cells.length - 1));
}
