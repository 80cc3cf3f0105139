import { provingShare } from "../gate/proving-strata.ts";
import type { Listing } from "../model/configuration.ts";
import { LABEL } from "../model/labels.ts";
import { formatPercentage } from "../model/percentage.ts";
import type { Problem } from "../model/problem.ts";
import { askCounts, askImage, totalOf, type Answers, type Asked } from "../model/question.ts";
import { artifactOf, type Intent } from "../model/record.ts";
import type { Artifact } from "../model/artifact.ts";
import { DESIRED_PATH } from "../model/twin-contract.ts";
import { baselineBelow, type PlanInput } from "./plan-release.ts";
import type { PlannedRelease, PlannedWave } from "./product-plan.ts";
import { countByStratum } from "./queries.ts";
import { MAX_CONDITION, productCondition } from "./target-condition.ts";

/** Share of a fleet without buckets that blocks a release. */
const UNSTAMPED_LIMIT = 0.01;
/** Share of an evidence wave that strata able to prove the gate must hold. */
const PROVING_SHARE = 0.9;

/** Everything that speaks against starting a release on this fleet; errors block it. */
export function releaseProblems(planned: PlannedRelease, input: PlanInput): Asked<readonly Problem[]> {
  const foreign = foreignProblems(planned, input);
  if (foreign.kind !== "known") return foreign;
  const images = imageProblems(planned, input);
  if (images.kind !== "known") return images;
  return {
    kind: "known",
    value: [
      ...fleetProblems(planned),
      ...planned.waves.flatMap((wave) => waveProblems(wave, planned)),
      ...images.value,
      ...foreign.value,
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
      summary: `no device has tags.product = '${release.product}'`,
      hint: "set the tag on the devices of this product, or correct the product's name",
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
      hint: "let the agent report its bucket, or set tags.rollout.bucket (docs/device.md says how it is computed)",
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

function waveProblems(
  wave: PlannedWave,
  { release, file, devices, proving, thresholds }: PlannedRelease,
): Problem[] {
  const path = `${file}: waves: ${wave.name}`;
  const added = totalOf(wave.added);
  if (totalOf(devices) === 0) return [];
  const found: Problem[] = [];
  if (wave.condition.length > MAX_CONDITION) {
    const summary = `its target condition has ${wave.condition.length} characters; IoT Hub takes ${MAX_CONDITION}`;
    found.push({ severity: "error", code: "RELEASE_INVALID", path, summary, hint: "use fewer rings" });
  }
  if (added === 0) {
    const hint = "check the devices' ring tags, or remove the wave";
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
  const below: Intent | undefined = baselineBelow(intents);
  const image = below === undefined ? undefined : artifactOf(below);
  if (own.kind !== "known" || below === undefined || image === undefined) return own;
  const old = imageProblem(image, `baseline ${below.version}`, answers);
  return old.kind === "known" ? { kind: "known", value: [...own.value, ...old.value] } : old;
}

/** Configurations of others that would write into our section of the twin, for devices of this product. */
function foreignProblems(
  { release }: PlannedRelease,
  { listings, answers }: PlanInput,
): Asked<readonly Problem[]> {
  const foreign = listings.flatMap(foreignConfigurations);
  const queries = Object.fromEntries(
    foreign.map(({ id, condition }) => [
      id,
      countByStratum(
        condition === "*"
          ? productCondition(release.product)
          : `${productCondition(release.product)} AND (${condition})`,
      ),
    ]),
  );
  const counts = askCounts(answers, queries);
  if (counts.kind !== "known") return counts;
  return {
    kind: "known",
    value: foreign.flatMap(({ id }): Problem[] => {
      const devices = totalOf(counts.value[id] ?? {});
      if (devices === 0) return [];
      const summary = `it writes to ${DESIRED_PATH} of ${devices} devices of ${release.product}`;
      return [
        {
          severity: "error",
          code: "FOREIGN_CONFIGURATION",
          path: `configuration ${id}`,
          summary,
          hint: `empty its target condition or delete it: az iot hub configuration delete -c ${id}`,
        },
      ];
    }),
  };
}

function foreignConfigurations(listing: Listing): Listing["configurations"] {
  return listing.configurations.filter(
    ({ labels, content, condition }) =>
      labels[LABEL.kind] === undefined &&
      condition !== "" &&
      Object.keys(content).some(
        (path) =>
          path === DESIRED_PATH || path.startsWith(`${DESIRED_PATH}.`) || DESIRED_PATH.startsWith(`${path}.`),
      ),
  );
}
