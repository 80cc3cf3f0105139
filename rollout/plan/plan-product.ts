import { refId } from "../model/attempt.ts";
import { findConfiguration } from "../model/configuration.ts";
import { digestOf, type Digest } from "../model/digest.ts";
import { headOf } from "../model/labels.ts";
import { errorsOf, type Problem } from "../model/problem.ts";
import { totalOf, type Asked } from "../model/question.ts";
import { isAborted, type Intent, type RolloutIntent } from "../model/record.ts";
import { digestOfRelease } from "../model/release.ts";
import { adoptedIntent, adoptionProblems, toAdopt } from "./adoption.ts";
import type { Declared } from "./declared.ts";
import { planRelease, type PlanInput } from "./plan-release.ts";
import type { Change, PlannedRelease, ProductPlan } from "./product-plan.ts";
import { releaseProblems } from "./release-problems.ts";
import { waveCondition } from "./wave-condition.ts";
import { narrowestWindows } from "./wave-windows.ts";
import { wantedRelease } from "./wanted-release.ts";

/** Work out what the declarations mean for one product, now; asks for the counts it needs. */
export function planProduct(
  declared: Declared,
  input: PlanInput & { readonly tombstones: ReadonlySet<string> },
): Asked<ProductPlan> {
  const problems: Problem[] = [...declared.problems, ...activeProblems(declared, input.intents)];
  const changes: Change[] = [];
  let intents = input.intents;
  // A condition that is none cannot be asked about: what it means for the fleet is told once it is corrected.
  const isAskable = !errorsOf(declared.problems).some(({ code }) => code === "CONDITION_INVALID");
  const pending = isAskable ? toAdopt(declared, intents) : [];
  if (pending.length > 0) {
    const found = adoptionProblems(declared, input.answers);
    if (found.kind !== "known") return found;
    problems.push(...found.value);
    for (const adopted of pending) {
      const whose = adopted.where === undefined ? "the devices" : `devices with ${adopted.where}`;
      const reason = `what ${whose} run today becomes the baseline; no device is written to`;
      changes.push({ kind: "adopt", version: adopted.version, reason });
      // What follows is planned as if the baseline were there already.
      intents = [...intents, adoptedIntent(declared.product, adopted, intents)];
    }
  }
  const { releases } = declared;
  const wanted = isAskable ? wantedRelease({ releases, intents, tombstones: input.tombstones }) : undefined;
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
            // Counts are no part of a plan's identity, and so no windows that are made from them.
            conditions: release.waves.map((_, index) =>
              waveCondition({ ...release, windows: narrowestWindows(release.release) }, index),
            ),
          },
  });
}
