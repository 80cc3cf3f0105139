import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededChance } from "../../local/hub/seeded-chance.ts";
import { gridLogRatios, ratioLogE, RATIO_GRID } from "../../rollout/gate/rate-ratio.ts";

interface Reference {
  readonly id: string;
  readonly fn: string;
  readonly value: number;
  readonly args: {
    readonly ticks: readonly {
      readonly rho: number;
      readonly eventsTreated: number;
      readonly eventsControl: number;
    }[];
    readonly hazardRatio: number;
    readonly nullRatio: number;
  };
}

const { entries } = JSON.parse(
  readFileSync(new URL("../fixtures/stats-reference.json", import.meta.url), "utf8"),
) as { readonly entries: readonly Reference[] };
const REFERENCE = entries.filter(({ fn }) => fn === "conditionalLogLR");

describe("gridLogRatios", () => {
  it("has reference values", () => {
    expect(REFERENCE.length).toBeGreaterThanOrEqual(2);
  });

  it.each(REFERENCE)("are $value in $id, to 12 digits", ({ args, value }) => {
    const index = RATIO_GRID.findIndex((multiple) => multiple * args.nullRatio === args.hazardRatio);
    const found = gridLogRatios(args.ticks, args.nullRatio)[index] ?? NaN;
    expect(Math.abs(found / value - 1)).toBeLessThan(1e-12);
  });
});

describe("ratioLogE", () => {
  it("is 0 before anything was counted, and finite where single ratios leave the range of numbers", () => {
    expect(ratioLogE(RATIO_GRID.map(() => 0))).toBe(0);
    const ticks = [{ rho: 0.01, eventsTreated: 1_000, eventsControl: 100 }];
    expect(ratioLogE(gridLogRatios(ticks, 1))).toBeGreaterThan(1_000);
    expect(ratioLogE(gridLogRatios(ticks, 1))).toBeLessThan(Infinity);
  });

  // E[e] = 1 exactly where the true ratio is the tolerated one, below it less: over one event, by sum over its outcomes.
  it.each([
    [1, 1],
    [1, 0.5],
    [1.2, 1.2],
    [1.2, 0.8],
    [3, 3],
    [3, 1],
  ])("never expects evidence against a tolerated ratio of %d at a true one of %d", (tolerate, truth) => {
    for (const rho of [0.001, 0.05, 0.5, 0.98]) {
      const theta = (rho * truth) / (rho * truth + 1 - rho);
      const e = (treated: number): number =>
        Math.exp(
          ratioLogE(gridLogRatios([{ rho, eventsTreated: treated, eventsControl: 1 - treated }], tolerate)),
        );
      const expected = theta * e(1) + (1 - theta) * e(0);
      if (truth === tolerate) expect(expected).toBeCloseTo(1, 12);
      else expect(expected).toBeLessThanOrEqual(1);
    }
  });
});

const SEED = 36;
const RUNS = 400 * Number(process.env["SOAK"] ?? 1);
const LOOKS = 200;

/** Share of runs that ever reach 20, with 20 events a look on the mean and the treated share growing as waves do. */
function alarms(ratio: number, tolerate: number): { readonly share: number; readonly treated: number } {
  const chance = seededChance(SEED);
  let stopped = 0;
  let treatedEvents = 0;
  for (let run = 0; run < RUNS; run++) {
    const sums = RATIO_GRID.map(() => 0);
    let treatedSoFar = 0;
    for (let look = 0; look < LOOKS; look++) {
      const rho = look < 60 ? 0.01 : look < 120 ? 0.1 : 0.5;
      // Noise that both arms share: nights, outages.
      const events = Math.floor(40 * chance());
      const theta = (rho * ratio) / (rho * ratio + 1 - rho);
      let treated = 0;
      for (let event = 0; event < events; event++) if (chance() < theta) treated++;
      treatedSoFar += treated;
      gridLogRatios([{ rho, eventsTreated: treated, eventsControl: events - treated }], tolerate).forEach(
        (more, index) => {
          sums[index] = (sums[index] ?? 0) + more;
        },
      );
      if (ratioLogE(sums) < Math.log(20)) continue;
      stopped++;
      treatedEvents += treatedSoFar;
      break;
    }
  }
  return { share: stopped / RUNS, treated: treatedEvents / Math.max(1, stopped) };
}

describe(`a rate ratio, watched for ${LOOKS} looks, ${RUNS} rollouts (seed ${SEED})`, () => {
  // Three standard deviations of a chance of 5% over the runs.
  const most = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / RUNS);

  it("stops a release that is no worse than the control at most as often as promised", () => {
    expect(alarms(1, 1).share).toBeLessThan(most);
  });

  it("and one that is as much worse as is tolerated, too", () => {
    expect(alarms(1.2, 1.2).share).toBeLessThan(most);
  });

  it("stops one that is three times as bad, after about a dozen of its events", () => {
    const { share, treated } = alarms(3, 1);
    expect(share).toBe(1);
    expect(treated).toBeLessThan(30);
  });
});
