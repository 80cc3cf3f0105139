import { z } from "zod";
import type { Tally } from "../model/look.ts";
import { ALL_STRATA } from "../model/metric.ts";
import { WavegateError } from "../model/problem.ts";
import type { TallyQuery } from "../model/question.ts";
import { OTHER } from "../model/stratum-counts.ts";
import type { HubCallOptions } from "../reconcile/ports.ts";

/** One row of a count; what the twins hold under a tag may be of any kind. */
export const countRowSchema = z.object({
  stratum: z.union([z.string(), z.number(), z.boolean()]).nullish(),
  outcome: z.string().nullish(),
  devices: z.int().nonnegative(),
});
export type CountRow = z.output<typeof countRowSchema>;

type ByStratum = Readonly<Record<string, Tally>>;
const OUTCOMES = ["ok", "failed", "contacted"] as const satisfies readonly (keyof Tally)[];

/**
 * Count devices by stratum and outcome with as few queries as the hub lets us. Documents show one GROUP BY key; whether
 * a hub takes two is found out by asking once: a refusal, or rows that do not name an outcome, is remembered for as long
 * as the returned function lives [IoT Hub query language].
 */
export function tallyDevices(
  rowsOf: (query: string, how?: HubCallOptions) => Promise<readonly CountRow[]>,
  /** What is known of the hub already: with 1 it is not tried. */
  groupByKeys?: 1 | 2,
): (query: TallyQuery, how?: HubCallOptions) => Promise<ByStratum> {
  let takesTwoKeys = groupByKeys !== 1;
  return async ({ grouped, each }, how) => {
    if (takesTwoKeys) {
      const found = await byTwoKeys(() => rowsOf(grouped, how));
      if (found !== undefined) return found;
      takesTwoKeys = false;
    }
    const rows: CountRow[] = [];
    for (const outcome of OUTCOMES)
      rows.push(...(await rowsOf(each[outcome], how)).map((row) => ({ ...row, outcome })));
    return tallied(rows);
  };
}

/** Stratum of a row: devices without one, or with one that means something else to us or to JSON, are `other`. */
export function stratumOf({ stratum }: Pick<CountRow, "stratum">): string {
  const name = stratum === undefined || stratum === null ? "" : String(stratum);
  return name === "" || name === "__proto__" || name === ALL_STRATA ? OTHER : name;
}

/** undefined: this hub does not group by two keys. */
async function byTwoKeys(ask: () => Promise<readonly CountRow[]>): Promise<ByStratum | undefined> {
  try {
    const rows = await ask();
    return rows.every(({ outcome }) => OUTCOMES.some((known) => known === outcome))
      ? tallied(rows)
      : undefined;
  } catch (error) {
    if (error instanceof WavegateError && error.code === "HUB_REJECTED") return undefined;
    throw error;
  }
}

function tallied(rows: readonly CountRow[]): ByStratum {
  const counts = new Map<string, Tally>();
  for (const row of rows) {
    const outcome = OUTCOMES.find((known) => known === row.outcome);
    if (outcome === undefined) continue;
    const before = counts.get(stratumOf(row)) ?? { ok: 0, failed: 0, contacted: 0 };
    counts.set(stratumOf(row), { ...before, [outcome]: before[outcome] + row.devices });
  }
  return Object.fromEntries(counts);
}
