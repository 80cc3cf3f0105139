import { provingShare } from "../gate/proving-strata.ts";
import { shortestDeadline } from "../model/deadline.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { askAll, totalOf, type Asked } from "../model/question.ts";
import { closest } from "../model/schema-problems.ts";
import { TAG } from "../model/twin-contract.ts";
import { holdOutProblems } from "./hold-out.ts";
import { imageProblem } from "./image-problem.ts";
import type { PlanInput } from "./plan-input.ts";
import { tooLong } from "./condition-lengths.ts";
import { foreignProblems } from "./foreign-configurations.ts";
import type { SizedRelease, PlannedWave } from "./product-plan.ts";
import { MAX_CONDITION } from "./target-condition.ts";
import { waveTooFast } from "./wave-speed.ts";
import { sourceProblems } from "./source-problems.ts";
import { unnamedStrata } from "./wave-windows.ts";

/** Share of a fleet without buckets that blocks a release. */
const UNSTAMPED_LIMIT = 0.01;
/** Share of an evidence wave that strata able to prove the gate must hold. */
const PROVING_SHARE = 0.9;

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
      ...planned.waves.flatMap((wave) => waveProblems(wave, planned)),
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

function waveProblems(
  wave: PlannedWave,
  { release, file, devices, proving, thresholds, desiredBytes, accessBytes }: SizedRelease,
): Problem[] {
  const path = `${file}: waves: ${wave.name}`;
  const added = totalOf(wave.added);
  if (totalOf(devices) === 0) return [];
  const found: Problem[] = [];
  for (const { hub, tier, units, devices: on } of wave.traffic) {
    const tooFast = waveTooFast({
      path,
      wave: wave.name,
      hub: wave.traffic.length > 1 ? hub : undefined,
      devices: on,
      tier,
      units,
      desiredBytes,
      accessBytes,
      deadlineMs: shortestDeadline(release.gate),
      pace: release.waves.find(({ name }) => name === wave.name)?.pace,
    });
    if (tooFast !== undefined) found.push(tooFast);
  }
  if (wave.condition.length > MAX_CONDITION) {
    found.push(tooLong(path, wave.condition.length));
  }
  const declaration = release.waves.find(({ name }) => name === wave.name);
  for (const stratum of declaration === undefined ? [] : unnamedStrata(declaration, Object.keys(devices))) {
    const summary = `no target condition can name the stratum "${stratum}"`;
    const hint = `give its devices a ${TAG.stratum} of letters, digits and -:.+%_#*?!(),=@;$ or take devices(n)`;
    found.push({ severity: "error", code: "CONDITION_INVALID", path, summary, hint });
  }
  if (added === 0) {
    const hint = "check the tags its cohort goes by, make it wider than the wave before, or remove it";
    found.push({
      severity: "error",
      code: "WAVE_EMPTY",
      path,
      summary: `it adds no device (cohort ${wave.cohort})`,
      hint,
    });
  }
  if (wave.kind !== "evidence" || added === 0) return found;
  const least = thresholds.sizeToProve;
  const share = provingShare(wave.added, proving);
  const hint = `say kind: "smoke" (no statistical claim), take a cohort of ${least} devices a stratum, or raise \`reject\``;
  const below = `below ${formatPercentage(release.gate.reject)} takes ${least} clean devices a stratum`;
  for (const stratum of proving) {
    const size = wave.added[stratum] ?? 0;
    if (size < least) {
      found.push({
        severity: "error",
        code: "WAVE_CANNOT_PROVE",
        path,
        summary: `it adds ${size} devices in ${stratum}; to prove ${below}`,
        hint,
      });
    }
  }
  if (share < PROVING_SHARE) {
    const summary = `only ${formatPercentage(share)} of it lies in strata that can prove the gate (90% are needed); to prove ${below}`;
    found.push({ severity: "error", code: "WAVE_CANNOT_PROVE", path, summary, hint });
  }
  return found;
}
