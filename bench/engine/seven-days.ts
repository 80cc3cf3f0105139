import { ownCalls } from "../../rollout/plan/own-calls.ts";
import type { GateDeclaration } from "../../rollout/wavegate.ts";
import type { Figure } from "../figure.ts";
import { formatCount } from "../figure.ts";
import { watchRollout } from "./watched-rollout.ts";

const DEVICES = 1000;
const DAYS = 7;
const WAVES = [5, 20, 50, 100];
/** Opened in so many parts, the last wave is widened once less often again. */
const PARTS = 4;
const LOOK_EVERY_MS = 5 * 60_000;
/** What a week may use of the query budget (docs/engine-costs.md). */
const SHARE = { many: 0.021, one: 0.061 } as const;
/** Writes of configurations that a rollout may take. */
const WRITES = 20 + PARTS - 1;
const GATE: GateDeclaration = {
  ...({ tolerate: "2%", reject: "10%", falseStop: "5%", missedBad: "5%" } as const),
  // Four waves of over a day and a half each: nearly all looks are of the dearer kind, at an open wave.
  ...({ deadline: "3 hours", bake: "36 hours", harmCap: 100 } as const),
};

/** A week of a cron job's looks, on a hub that is throttled strictly as one unit of S1, in virtual time. */
export async function measureSevenDays({
  days = DAYS,
  gate = {},
}: {
  readonly days?: number;
  readonly gate?: Partial<GateDeclaration>;
} = {}): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const groupByKeys of ["many", "one"] as const) {
    const { runs, throttled, reached, records } = await watchRollout({
      ...{
        devices: DEVICES,
        waves: WAVES,
        parts: PARTS,
        groupByKeys,
        gate: { ...GATE, ...gate },
        watch: "96 hours",
      },
      ...{ lookEveryMs: LOOK_EVERY_MS, endAfterMs: days * 86_400_000 },
    });
    const sum = (what: "queries" | "listings" | "writes"): number =>
      runs.reduce((total, run) => total + run[what], 0);
    const named = `${days} days of looks, ${groupByKeys === "many" ? "two GROUP BY keys" : "one GROUP BY key"}`;
    const budget = 20 * days * 1440;
    const share = sum("queries") / budget;
    const foretold = ownCalls({
      ...{ hubs: 1, groupByKeys: groupByKeys === "many" ? 2 : 1, lookEveryMs: LOOK_EVERY_MS, days },
      ...{ waves: WAVES.length, extraParts: PARTS - 1, tier: "S1", units: 1 },
    });
    figures.push(
      {
        what: `${named}: share of the query budget of one S1 unit`,
        measured: `${percentOf(share)} (${formatCount(sum("queries"))} queries in ${formatCount(runs.length)} runs)`,
        limit: `${percentOf(SHARE[groupByKeys])}; the plan says ${percentOf(foretold.queryShare)}`,
        isBroken: share > SHARE[groupByKeys],
      },
      {
        what: `${named}: configuration writes`,
        measured: formatCount(sum("writes")),
        limit: `${WRITES}, with ${PARTS - 1} more parts; the plan says ${foretold.writes}`,
        isBroken: sum("writes") > WRITES,
      },
      {
        what: `${named}: share of the configuration calls of one S1 unit`,
        measured: percentOf((sum("listings") + sum("writes")) / budget),
        limit: `the plan says ${percentOf(foretold.configurationShare)}`,
      },
      { what: `${named}: calls refused`, measured: `${throttled}`, limit: "0", isBroken: throttled > 0 },
      {
        what: `${named}: devices reached`,
        measured: `${formatCount(reached)}; ${records.join(", ")}`,
        limit: formatCount(DEVICES),
        isBroken: reached < DEVICES,
      },
    );
  }
  return figures;
}

function percentOf(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}
