import type { Fleet } from "../model/fleet.ts";
import { TWINS, type Metric } from "../model/metric.ts";
import { expandQuery, PLACEHOLDERS } from "../model/metric-query.ts";
import type { Problem } from "../model/problem.ts";
import { reportedField } from "../model/twin-contract.ts";
import { parseCondition } from "./condition-grammar.ts";
import type { DeclaredRelease } from "./declared.ts";
import { lintCondition } from "./lint-condition.ts";

/** What is wrong with the conditions that a release file holds: its own, and those of its waves. */
export function releaseConditionProblems({ release, file }: DeclaredRelease): readonly Problem[] {
  return [
    ...(release.where === undefined ? [] : conditionProblems(release.where, `${file}: where`)),
    ...release.waves.flatMap(({ name, cohort }) =>
      cohort.kind === "where" ? conditionProblems(cohort.where, `${file}: waves: ${name}: cohort`) : [],
    ),
    ...(release.gate.metrics ?? []).flatMap((metric, index) =>
      metric.source === TWINS ? countedProblems(metric, `${file}: gate.metrics[${index}].query`) : [],
    ),
  ];
}

/** Devices of an attempt are counted, not targeted: what an update changes may be asked for, but it has to be a condition. */
function countedProblems({ queries }: Metric, path: string): readonly Problem[] {
  return Object.values(queries).flatMap((query): Problem[] => {
    const parsed = parseCondition(expandQuery(query, EVERY_PLACEHOLDER));
    if (!("fault" in parsed)) return [];
    const hint = `write it as in: ${reportedField("errorCode")} = 'E7'`;
    return [{ severity: "error", code: "CONDITION_INVALID", path, summary: parsed.fault.summary, hint }];
  });
}

/** A number and, in quotes, a text. */
const EVERY_PLACEHOLDER = Object.fromEntries(Object.keys(PLACEHOLDERS).map((name) => [name, "1"]));

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
