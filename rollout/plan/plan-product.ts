import { attemptId, refId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import { digestOf, type Digest } from "../model/digest.ts";
import { headOf } from "../model/labels.ts";
import type { Problem } from "../model/problem.ts";
import { askCounts, totalOf, type Asked } from "../model/question.ts";
import { isAborted, type AdoptedIntent, type Intent, type RolloutIntent } from "../model/record.ts";
import type { Artifact } from "../model/artifact.ts";
import { digestOfRelease } from "../model/release.ts";
import type { Declared } from "./declared.ts";
import { FIRST_PRIORITY } from "./documents.ts";
import { planRelease, type PlanInput } from "./plan-release.ts";
import type { Change, PlannedRelease, ProductPlan } from "./product-plan.ts";
import { countByStratum, runningCondition } from "./queries.ts";
import { imageProblem, releaseProblems } from "./release-problems.ts";
import { productCondition } from "./target-condition.ts";
import { wantedRelease } from "./wanted-release.ts";

/** Work out what the declarations mean for one product, now; asks for the counts it needs. */
export function planProduct(
  declared: Declared,
  input: PlanInput & { readonly tombstones: ReadonlySet<string> },
): Asked<ProductPlan> {
  const problems: Problem[] = [...declared.problems, ...activeProblems(declared, input.intents)];
  const changes: Change[] = [];
  let intents = input.intents;
  const adopted = toAdopt(declared, intents);
  if (adopted !== undefined) {
    const found = adoptionProblems(declared.product, adopted, input);
    if (found.kind !== "known") return found;
    problems.push(...found.value);
    const reason = "what the devices run today becomes the baseline; no device is written to";
    changes.push({ kind: "adopt", version: adopted.version, reason });
    // What follows is planned as if the baseline were there already.
    intents = [adoptedIntent(declared.product, adopted)];
  }
  const wanted = wantedRelease({ releases: declared.releases, intents, tombstones: input.tombstones });
  let release: PlannedRelease | undefined;
  if (wanted !== undefined) {
    const planned = planRelease(wanted, { ...input, intents });
    if (planned.kind !== "known") return planned;
    const found = releaseProblems(planned.value, { ...input, intents });
    if (found.kind !== "known") return found;
    release = planned.value;
    problems.push(...found.value);
    for (const { version } of intents.filter(isUnderWay)) {
      changes.push({
        kind: "supersede",
        version,
        reason: `frozen where it stands: ${release.release.version} takes over`,
      });
    }
    const [first] = release.waves;
    const reason = `opens wave "${first?.name ?? ""}" with ${totalOf(first?.devices ?? {})} devices`;
    changes.push({ kind: "start", version: release.release.version, reason });
  }
  const [first] = input.listings;
  const ref = first === undefined ? undefined : findConfiguration(first, refId(declared.product));
  const head = headOf(ref?.labels ?? {});
  return {
    kind: "known",
    value: {
      schemaVersion: 1,
      product: declared.product,
      digest: planDigest(declared.product, head, changes, release),
      changes,
      ...(release === undefined ? {} : { release }),
      problems,
    },
  };
}

/** What a fresh product takes over, when the fleet declares it. */
export function toAdopt(declared: Declared, intents: readonly Intent[]): Adoptable | undefined {
  return intents.length === 0 ? declared.fleet.products[declared.product]?.adopt : undefined;
}

/** A version that devices run already, and its image. */
export interface Adoptable {
  readonly version: string;
  readonly artifact: Artifact;
}

/** Releases under way whose file was changed or removed: nothing of them widens until it is back. */
export function activeProblems(declared: Declared, intents: readonly Intent[]): Problem[] {
  return intents.filter(isActive).flatMap(({ version, digest }): Problem[] => {
    const file = declared.releases.find(({ release }) => release.version === version);
    const name = `${declared.product} ${version}`;
    if (file === undefined) {
      const hint = `restore its file, or stop it: wavegate abort ${declared.product} --reason "..."`;
      return [
        {
          severity: "error",
          code: "RELEASE_REMOVED",
          path: name,
          summary: "its rollout is under way, and its file is gone",
          hint,
        },
      ];
    }
    if (digestOfRelease(file.release) === digest) return [];
    const hint = `restore the file as it was when the rollout started, or declare a new version`;
    return [
      {
        severity: "error",
        code: "RELEASE_CHANGED",
        path: file.file,
        summary: `the rollout of ${name} is under way with another content`,
        hint,
      },
    ];
  });
}

/** Is this what the devices run, and are its bits there to go back to? */
function adoptionProblems(product: string, adopted: Adoptable, input: PlanInput): Asked<readonly Problem[]> {
  const counts = askCounts(input.answers, {
    all: countByStratum(productCondition(product)),
    running: countByStratum(runningCondition(product, adopted.version)),
  });
  if (counts.kind !== "known") return counts;
  const path = `fleet.ts: products.${product}.adopt`;
  const image = imageProblem(adopted.artifact, path, input.answers);
  if (image.kind !== "known") return image;
  const [all, running] = [totalOf(counts.value.all), totalOf(counts.value.running)];
  const none: Problem[] =
    all > 0 && running === 0
      ? [
          {
            severity: "error",
            code: "NO_BASELINE",
            path,
            summary: `none of ${all} devices reports version ${adopted.version}`,
            hint: "declare the version that the devices run",
          },
        ]
      : [];
  return { kind: "known", value: [...none, ...image.value] };
}

/** The intent of a baseline that is taken over as it is. */
export function adoptedIntent(product: string, { version, artifact }: Adoptable): AdoptedIntent {
  const attempt = attemptId(product, version, 1);
  const digest = digestOf({ version, artifact });
  return {
    state: "adopted",
    attempt,
    version,
    artifact,
    digest,
    condition: "",
    priority: FIRST_PRIORITY,
    created: {},
  };
}

function isActive(intent: Intent): intent is RolloutIntent {
  return intent.state === "running" || intent.state === "held" || intent.state === "watching";
}

function isUnderWay(intent: Intent): boolean {
  return (intent.state === "running" || intent.state === "held") && !isAborted(intent);
}

function planDigest(
  product: string,
  head: Digest | undefined,
  changes: readonly Change[],
  release: PlannedRelease | undefined,
): Digest {
  return digestOf({
    product,
    head: head ?? null,
    changes: changes.map(({ kind, version }) => ({ kind, version })),
    release:
      release === undefined
        ? null
        : {
            digest: release.digest,
            attempt: release.attempt,
            priority: release.priority,
            conditions: release.waves.map(({ condition }) => condition),
          },
  });
}
