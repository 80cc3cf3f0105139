import { askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import type { RolloutIntent } from "../model/record.ts";
import type { Release } from "../model/release.ts";
import { OTHER } from "../model/stratum-counts.ts";
import type { Wave } from "../model/wave.ts";
import { countByStratum } from "./queries.ts";
import type { Exposable } from "./reach.ts";
import { stratumCondition } from "./stratum-condition.ts";
import { stampedCondition } from "./target-condition.ts";
import { widthForDevices } from "./window-width.ts";

/** Widths by wave, then by stratum or `*`, as records freeze them. */
export type Windows = RolloutIntent["windows"];

/**
 * The windows of a release with those of the waves from `from` to `to` that are made from counts: computed once, from
 * the devices that have a bucket now; what is frozen already stays as it is. undefined when nobody was counted: a window
 * for more devices than there are would be everyone.
 */
export function windowsUpTo(
  of: Exposable,
  { from, to }: { readonly from: number; readonly to: number },
  answers: Answers,
): Asked<Windows | undefined> {
  const fresh = of.release.waves
    .slice(from, to + 1)
    .filter((wave) => isCounted(wave) && !Object.hasOwn(of.windows, wave.name));
  if (fresh.length === 0) return { kind: "known", value: of.windows };
  const counts = askCounts(answers, { stamped: countByStratum(stampedCondition(of)) });
  if (counts.kind !== "known") return counts;
  const { stamped } = counts.value;
  if (totalOf(stamped) === 0) return { kind: "known", value: undefined };
  const added = fresh.map((wave): [string, Readonly<Record<string, number>>] => [
    wave.name,
    widthsOf(wave, stamped),
  ]);
  return { kind: "known", value: { ...of.windows, ...Object.fromEntries(added) } };
}

/** Windows of one bucket, for a plan of nobody. */
export function narrowestWindows(release: Release): Windows {
  return Object.fromEntries(
    release.waves
      .filter(isCounted)
      .map(({ name, cohort }) => [name, { [cohort.kind === "devices" ? "*" : OTHER]: 1 }]),
  );
}

/** True for a wave whose window is made from counts. */
function isCounted({ cohort }: Wave): boolean {
  return cohort.kind === "devices" || cohort.kind === "at least";
}

/** Strata that a wave would need a window for and that no condition can name. */
export function unnamedStrata({ cohort }: Wave, strata: readonly string[]): readonly string[] {
  return cohort.kind === "at least"
    ? strata.filter((stratum) => stratumCondition(stratum) === undefined)
    : [];
}

function widthsOf({ cohort }: Wave, stamped: Readonly<Record<string, number>>): Record<string, number> {
  if (cohort.kind === "devices") return { "*": widthForDevices(cohort.devices, totalOf(stamped)) };
  if (cohort.kind !== "at least") return {};
  return Object.fromEntries(
    Object.entries(stamped)
      .filter(([stratum, devices]) => devices > 0 && stratumCondition(stratum) !== undefined)
      .map(([stratum, devices]) => [stratum, widthForDevices(cohort.devices, devices)]),
  );
}
