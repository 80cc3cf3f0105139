import type { Configuration, Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import type { Problem } from "../model/problem.ts";
import { askCounts, totalOf, type Answers, type Asked } from "../model/question.ts";
import { ACCESS_PATH, DESIRED_PATH } from "../model/twin-contract.ts";
import { countByStratum } from "./queries.ts";
import { productCondition } from "./target-condition.ts";

/** Devices whose firmware section nobody else may write. */
export interface Territory {
  readonly product: string;
  /** A release's own condition; absent: every device of the product. */
  readonly where?: string | undefined;
}

/**
 * Configurations of others that write into our section of the twin, at any priority: above us they take it over, below
 * us they take it over from where a release is emptied. At our path, before it (they replace the section whole) or
 * beyond it (they change one value in it).
 */
function foreignConfigurations({ configurations }: Listing): readonly Configuration[] {
  return configurations.filter(
    ({ labels, content, condition }) =>
      labels[LABEL.kind] === undefined && condition !== "" && Object.keys(content).some(meetsOurPath),
  );
}

/** True for a twin path that is ours, a prefix of it or an extension. */
export function meetsOurPath(path: string): boolean {
  return ownPathMet(path) !== undefined;
}

/** Our path that a twin path touches. */
function ownPathMet(path: string): string | undefined {
  return [DESIRED_PATH, ACCESS_PATH].find(
    (own) => path === own || path.startsWith(`${own}.`) || own.startsWith(`${path}.`),
  );
}

/** Configurations of others that write to devices of ours, with how many; asks nothing where there is none. */
export function foreignProblems(
  { product, where }: Territory,
  listings: readonly Listing[],
  answers: Answers,
): Asked<readonly Problem[]> {
  const own = where === undefined ? productCondition(product) : `${productCondition(product)} AND (${where})`;
  // One that stands on several hubs is asked about once for each condition it has there.
  const foreign = new Map(
    listings.flatMap(foreignConfigurations).map(({ id, condition, content }) => {
      const path = Object.keys(content).flatMap((one) => ownPathMet(one) ?? [])[0];
      return [`${id} ${condition}`, { id, condition, path }];
    }),
  );
  const queries = Object.fromEntries(
    [...foreign].map(([key, { condition }]) => [
      key,
      // `*` cannot stand inside another condition.
      countByStratum(condition === "*" ? own : `${own} AND (${condition})`),
    ]),
  );
  const counts = askCounts(answers, queries);
  if (counts.kind !== "known") return counts;
  return {
    kind: "known",
    value: [...foreign].flatMap(([key, { id, path }]): Problem[] => {
      const devices = totalOf(counts.value[key] ?? {});
      if (devices === 0) return [];
      return [
        {
          severity: "error",
          code: "FOREIGN_CONFIGURATION",
          path: `configuration ${id}`,
          summary: `it writes to ${path} of ${devices} devices of ${product}`,
          hint: `empty its target condition or delete it: az iot hub configuration delete -c ${id}`,
        },
      ];
    }),
  };
}
