import type { GateDeclaration } from "../../rollout/wavegate.ts";
import type { Figure } from "../figure.ts";
import { formatCount } from "../figure.ts";
import { watchRollout, type WatchedRollout, type WatchedRun } from "./watched-rollout.ts";

/** Percent of each wave, for rollouts of one to five. */
const WAVES = [[100], [5, 100], [5, 20, 100], [5, 20, 50, 100], [5, 20, 40, 70, 100]] as const;
/** A listing, and two views in one query each where the hub groups by two keys, else in one an outcome (docs/engine-costs.md). */
const AT_REST = { many: 3, one: 7 } as const;
/** What a step may add: the ref or a configuration, counts of whom it aims at, one more listing. */
const A_STEP = 4;
const HALF_AN_HOUR_MS = 30 * 60_000;
const GATE: GateDeclaration = {
  ...({ tolerate: "2%", reject: "10%", falseStop: "5%", missedBad: "5%" } as const),
  ...({ deadline: "30 minutes", bake: "30 minutes", harmCap: 100 } as const),
};

type GroupByKeys = keyof typeof AT_REST;

/** One rollout over so many waves, at every size of the fleet. */
interface Measured {
  readonly waves: number;
  readonly rollouts: readonly WatchedRollout[];
}

/** Calls of every run of whole rollouts, at several sizes of the fleet, which must not matter. */
export async function measureCalls(
  sizes: readonly number[],
  waves: readonly number[] = [1, 2, 3, 4, 5],
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const groupByKeys of ["many", "one"] as const) {
    const measured: Measured[] = [];
    for (const count of waves) {
      const rollouts: WatchedRollout[] = [];
      for (const devices of sizes)
        rollouts.push(await rollOut({ devices, waves: WAVES[count - 1] ?? [100], groupByKeys }));
      measured.push({ waves: count, rollouts });
    }
    const named = groupByKeys === "many" ? "two GROUP BY keys" : "one GROUP BY key";
    figures.push(...totals(named, sizes, measured), ...byKind(named, AT_REST[groupByKeys], measured));
  }
  return figures;
}

async function rollOut(input: {
  readonly devices: number;
  readonly waves: readonly number[];
  readonly groupByKeys: GroupByKeys;
}): Promise<WatchedRollout> {
  const rollout = await watchRollout({
    ...input,
    gate: GATE,
    watch: "1 hours",
    lookEveryMs: HALF_AN_HOUR_MS,
  });
  const { reached, throttled, records } = rollout;
  if (reached !== input.devices) throw new Error(`${reached} of ${input.devices} devices were reached`);
  if (throttled > 0) throw new Error(`the hub refused ${throttled} calls`);
  if (records.at(-1) !== "settle") throw new Error(`the rollout ended with ${records.at(-1) ?? "nothing"}`);
  return rollout;
}

/** Calls of whole rollouts; run by run they are to be the same at every size. */
function totals(named: string, sizes: readonly number[], measured: readonly Measured[]): readonly Figure[] {
  return measured.map(({ waves, rollouts }) => {
    const [first] = rollouts;
    return {
      what: `${named}, ${waves} ${waves === 1 ? "wave" : "waves"}: calls of a whole rollout, ${sizes.map(formatCount).join(" | ")} devices`,
      measured: rollouts.map(({ runs }) => `${callsOf(runs)} in ${runs.length} runs`).join(" | "),
      limit: "the same, run by run",
      isBroken: rollouts.some(({ runs }) => JSON.stringify(runs) !== JSON.stringify(first?.runs)),
    };
  });
}

/** Calls of the runs of each kind, at any size and with any number of waves. */
function byKind(named: string, atRest: number, measured: readonly Measured[]): readonly Figure[] {
  const runs = measured.flatMap(({ rollouts }) => rollouts.flatMap((rollout) => rollout.runs));
  return [...Map.groupBy(runs, kindOf)].map(([kind, ofKind]) => {
    const calls = ofKind.map((run) => callsOf([run]));
    const [least, most] = [Math.min(...calls), Math.max(...calls)];
    const limit = atRest + A_STEP * (ofKind[0]?.steps.length ?? 0);
    return {
      what: `${named}: calls of a run with ${kind}`,
      measured: least === most ? `${most}` : `${least} to ${most}`,
      limit: `${limit}`,
      isBroken: most > limit,
    };
  });
}

function kindOf({ steps }: WatchedRun): string {
  return steps.length === 0 ? "nothing to do" : steps.join(", ");
}

function callsOf(runs: readonly WatchedRun[]): number {
  return runs.reduce((sum, { queries, listings, writes }) => sum + queries + listings + writes, 0);
}
