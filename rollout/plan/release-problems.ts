import { provingShare } from "../gate/proving-strata.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { askAll, askImage, totalOf, type Answers, type Asked } from "../model/question.ts";
import { artifactOf, type Intent, isRolledOut } from "../model/record.ts";
import type { Artifact } from "../model/artifact.ts";
import { TAG } from "../model/twin-contract.ts";
import { baselinesBelow, type PlanInput } from "./plan-release.ts";
import { tooLong } from "./condition-lengths.ts";
import { foreignProblems } from "./foreign-configurations.ts";
import type { PlannedRelease, PlannedWave } from "./product-plan.ts";
import { MAX_CONDITION } from "./target-condition.ts";
import { unnamedStrata } from "./wave-windows.ts";

/** Share of a fleet without buckets that blocks a release. */
const UNSTAMPED_LIMIT = 0.01;
/** Share of an evidence wave that strata able to prove the gate must hold. */
const PROVING_SHARE = 0.9;

/** Everything that speaks against starting a release on this fleet; errors block it. */
export function releaseProblems(planned: PlannedRelease, input: PlanInput): Asked<readonly Problem[]> {
  const asked = askAll([
    imageProblems(planned, input),
    foreignProblems(planned.release, input.listings, input.answers),
  ]);
  if (asked.kind !== "known") return asked;
  return {
    kind: "known",
    value: [
      ...fleetProblems(planned),
      ...partialBaselines(planned, input.intents),
      ...planned.waves.flatMap((wave) => waveProblems(wave, planned)),
      ...asked.value.flat(),
    ],
  };
}

/** The bits of an image, as the store has them, against what was declared. */
export function imageProblem(artifact: Artifact, path: string, answers: Answers): Asked<readonly Problem[]> {
  const asked = askImage(answers, artifact.path);
  if (asked.kind !== "known") return asked;
  const image = asked.value;
  const problem = (
    code: "ARTIFACT_MISSING" | "ARTIFACT_MISMATCH",
    summary: string,
  ): Asked<readonly Problem[]> => ({
    kind: "known",
    value: [
      {
        severity: "error",
        code,
        path,
        summary,
        hint: "upload the image again with: wavegate release add FILE",
      },
    ],
  });
  if (image === undefined) return problem("ARTIFACT_MISSING", `the image store has no ${artifact.path}`);
  if (image.sha256 !== artifact.sha256) {
    return problem(
      "ARTIFACT_MISMATCH",
      `the stored image has SHA-256 ${image.sha256}, declared is ${artifact.sha256}`,
    );
  }
  if (image.size !== artifact.size) {
    return problem(
      "ARTIFACT_MISMATCH",
      `the stored image has ${image.size} bytes, declared are ${artifact.size}`,
    );
  }
  return { kind: "known", value: [] };
}

function fleetProblems({ release, file, devices, unstamped, baseline }: PlannedRelease): Problem[] {
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
  if (baseline === undefined) {
    found.push({
      severity: "error",
      code: "NO_BASELINE",
      path: `product ${release.product}`,
      summary: "no earlier release and no adopted baseline: devices could be stopped, but not taken back",
      hint: `declare what they run today in fleet.ts: products.${release.product}.adopt`,
    });
  }
  return found;
}

/** Devices that go on from a release with `requires` leave its condition: taken back, they fall through it. */
function partialBaselines({ release }: PlannedRelease, intents: readonly Intent[]): Problem[] {
  return baselinesBelow(intents).flatMap((below): Problem[] => {
    const required = isRolledOut(below) ? below.release.requires : undefined;
    if (required === undefined) return [];
    const summary = `${below.version} takes devices that run ${required}, not those of ${release.version}: taken back, they return to what is below it first`;
    const hint = `see that the devices may go back to ${required}; they climb to ${below.version} again from there`;
    return [{ severity: "warning", code: "NO_BASELINE", path: `baseline ${below.version}`, summary, hint }];
  });
}

function waveProblems(
  wave: PlannedWave,
  { release, file, devices, proving, thresholds }: PlannedRelease,
): Problem[] {
  const path = `${file}: waves: ${wave.name}`;
  const added = totalOf(wave.added);
  if (totalOf(devices) === 0) return [];
  const found: Problem[] = [];
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

function imageProblems(planned: PlannedRelease, { intents, answers }: PlanInput): Asked<readonly Problem[]> {
  const own = imageProblem(planned.release.artifact, `${planned.file}: artifact`, answers);
  const below = baselinesBelow(intents).flatMap((intent) => {
    const image = artifactOf(intent);
    return image === undefined ? [] : [imageProblem(image, `baseline ${intent.version}`, answers)];
  });
  const asked = askAll([own, ...below]);
  return asked.kind === "known" ? { kind: "known", value: asked.value.flat() } : asked;
}
