import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { askAll, totalOf, type Asked } from "../model/question.ts";
import { closest } from "../model/schema-problems.ts";
import { foreignProblems } from "./foreign-configurations.ts";
import { holdOutProblems } from "./hold-out.ts";
import { imageProblem } from "./image-problem.ts";
import type { PlanInput } from "./plan-input.ts";
import type { SizedRelease } from "./product-plan.ts";
import { sourceProblems } from "./source-problems.ts";
import { waveProblems } from "./wave-problems.ts";

/** Share of a fleet without buckets that blocks a release. */
const UNSTAMPED_LIMIT = 0.01;

/** Everything that speaks against starting a release on this fleet; errors block it. */
export function releaseProblems(planned: SizedRelease, input: PlanInput): Asked<readonly Problem[]> {
  const asked = askAll([
    imageProblem(planned.release.artifact, `${planned.file}: artifact`, input.answers),
    foreignProblems(
      planned.release,
      input.hubs.map(({ listing }) => listing),
      input.answers,
    ),
  ]);
  if (asked.kind !== "known") return asked;
  return {
    kind: "known",
    value: [
      ...fleetProblems(planned),
      ...holdOutProblems(planned),
      ...sourceProblems(planned, input.sources),
      ...planned.waves.flatMap((_, index) => waveProblems(planned, index)),
      ...asked.value.flat(),
    ],
  };
}

function fleetProblems({ release, file, devices, unstamped }: SizedRelease): Problem[] {
  const total = totalOf(devices);
  const found: Problem[] = [];
  if (total === 0) {
    found.push({
      severity: "error",
      code: "NO_DEVICES",
      path: `${file}: product`,
      summary:
        release.where === undefined && release.requires === undefined
          ? `no device has tags.product = '${release.product}'`
          : `no device of ${release.product} is under the release's own condition (where, requires)`,
      hint: "set the tag on the devices of this product, or correct the product's name or the condition",
    });
    return found;
  }
  const ownDeadline = Object.keys(release.gate.deadlineMsByStratum ?? {});
  for (const stratum of ownDeadline.filter((name) => !Object.hasOwn(devices, name))) {
    found.push({
      severity: "warning",
      code: "DEADLINE_UNUSED",
      path: `${file}: gate.deadline.strata.${stratum}`,
      summary: `no device of ${release.product} is in the stratum "${stratum}"`,
      hint: nearestStratum(stratum, Object.keys(devices)),
    });
  }
  if (unstamped > 0) {
    const share = unstamped / total;
    found.push({
      severity: share > UNSTAMPED_LIMIT ? "error" : "warning",
      code: "UNSTAMPED",
      path: `product ${release.product}`,
      summary: `${unstamped} of ${total} devices (${formatPercentage(share)}) have no numeric bucket: no wave would reach them`,
      hint: `let the agent report its bucket, or run: wavegate enroll ${release.product}`,
    });
  }
  return found;
}

function nearestStratum(name: string, strata: readonly string[]): string {
  const near = closest(name, strata);
  return near === undefined ? `its strata are ${strata.toSorted().join(", ")}` : `did you mean "${near}"?`;
}
