import type { Fleet } from "../model/fleet.ts";
import type { Problem } from "../model/problem.ts";
import type { DeclaredRelease } from "./declared.ts";
import { lintCondition } from "./lint-condition.ts";

/** What is wrong with the conditions that a release file holds: its own, and those of its waves. */
export function releaseConditionProblems({ release, file }: DeclaredRelease): readonly Problem[] {
  return [
    ...(release.where === undefined ? [] : conditionProblems(release.where, `${file}: where`)),
    ...release.waves.flatMap(({ name, cohort }) =>
      cohort.kind === "where" ? conditionProblems(cohort.where, `${file}: waves: ${name}: cohort`) : [],
    ),
  ];
}

/** What is wrong with the conditions of what one product adopts. */
export function fleetConditionProblems(fleet: Fleet, product: string, file: string): readonly Problem[] {
  const adopt = fleet.products[product]?.adopt ?? [];
  return adopt.flatMap(({ version, where }) =>
    where === undefined
      ? []
      : conditionProblems(where, `${file}: products.${product}.adopt: ${version}: where`),
  );
}

function conditionProblems(condition: string, path: string): readonly Problem[] {
  return lintCondition(condition).map(({ severity, offset, summary, hint }) => ({
    severity,
    code: "CONDITION_INVALID",
    path: `${path}, character ${offset + 1}`,
    summary,
    hint,
  }));
}
