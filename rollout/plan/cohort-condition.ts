import { BUCKET_COUNT } from "../model/bucket.ts";
import { TAG } from "../model/twin-contract.ts";
import { windowCondition, windowsCondition } from "./bucket-window.ts";
import { quoted } from "./quoted-text.ts";
import type { PlainCohort, Reach } from "./reach.ts";
import { stratumCondition } from "./stratum-condition.ts";

/** The terms of a reach, joined by OR where they stand: rings, devices and conditions first, windows after them. */
export function reachTerms({ cohorts, whole, strata }: Reach, start: number): readonly string[] {
  const own = Object.entries(strata).flatMap(([stratum, width]) => {
    const who = stratumCondition(stratum);
    return who === undefined ? [] : [{ who, width }];
  });
  return [
    ...cohorts.map(({ cohort, width }) =>
      width >= BUCKET_COUNT
        ? cohortCondition(cohort)
        : `(${cohortCondition(cohort)} AND ${windowCondition({ start, width })})`,
    ),
    ...(whole === 0 ? [] : [windowCondition({ start, width: whole })]),
    ...(own.length === 0 ? [] : [windowsCondition(start, own)]),
  ];
}

/** Condition of a cohort that needs no window. */
function cohortCondition(cohort: PlainCohort): string {
  switch (cohort.kind) {
    case "ring":
      return `${TAG.ring} = ${quoted(cohort.ring)}`;
    case "named":
      return `(${cohort.devices.map((id) => `deviceId = ${quoted(id)}`).join(" OR ")})`;
    case "where":
      return `(${cohort.where})`;
  }
}
