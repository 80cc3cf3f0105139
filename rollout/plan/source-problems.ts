import { TWINS } from "../model/metric.ts";
import type { Problem } from "../model/problem.ts";
import { closest } from "../model/schema-problems.ts";
import type { SizedRelease } from "./product-plan.ts";

/** Metrics whose source the settings do not have: they would hold the release for ever. */
export function sourceProblems(
  { release, file }: Pick<SizedRelease, "release" | "file">,
  sources: readonly string[] | undefined,
): readonly Problem[] {
  if (sources === undefined) return [];
  const known = [TWINS, ...sources];
  return (release.gate.metrics ?? []).flatMap(({ name, source }, index): Problem[] => {
    if (known.includes(source)) return [];
    const near = closest(source, known);
    return [
      {
        severity: "error",
        code: "SOURCE_UNKNOWN",
        path: `${file}: gate.metrics[${index}].source`,
        summary: `metric "${name}" asks "${source}", and the settings have no source of that name`,
        hint:
          near === undefined
            ? `add it to \`sources\` in the settings; there are: ${known.join(", ")}`
            : `did you mean "${near}"?`,
      },
    ];
  });
}
