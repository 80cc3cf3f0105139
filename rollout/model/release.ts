import semver from "semver";
import { z } from "zod";
import { cohortSchema, type Cohort } from "./cohort.ts";
import { digestOf, type Digest } from "./digest.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { percentageSchema, type Percentage } from "./percentage.ts";
import type { Problem } from "./problem.ts";
import { problemsFromZod } from "./schema-problems.ts";

/** The image of a release, by content: its name in the image store is its digest. */
export interface Artifact {
  /** Path below the image store's address: `sha256/<digest>.bin`. */
  readonly path: string;
  /** SHA-256 of the image, 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Signed statement about the image, canonical JSON; empty while releases are unsigned. */
  readonly manifest: string;
  /** Ed25519 signature over the manifest, base64; empty while releases are unsigned. */
  readonly signature: string;
}

/** A wave as a release file declares it. */
export interface WaveDeclaration {
  readonly name: string;
  readonly cohort: Cohort;
  /** `smoke` makes no statistical claim; `evidence` (default) promotes only on proof. */
  readonly kind?: "smoke" | "evidence";
  /** How long the wave must run after its devices have made contact; default: the gate's `bake`. */
  readonly bake?: Duration;
}

/** The promise of the rollout, as a release file declares it. */
export interface GateDeclaration {
  /** Failure rate of a release that is good enough (p0). */
  readonly tolerate: Percentage;
  /** Failure rate of a release that must not ship (p1). */
  readonly reject: Percentage;
  /** Chance, over the whole rollout, to stop a release that is good enough (alpha). */
  readonly falseStop: Percentage;
  /** Chance, per evidence wave, to let a release pass that must not ship (beta). */
  readonly missedBad: Percentage;
  /** From contact to `ok` or `failed`; a device that says nothing by then counts as failed. */
  readonly deadline: Duration;
  readonly bake: Duration;
  /** Devices failed or silent at which the rollout stops, whatever the statistics say. */
  readonly harmCap: number;
  /** Longest time a wave may stay undecided before a person is asked; default 14 days. */
  readonly patience?: Duration;
  /** Share of a wave's recently active devices that must have made contact before it is judged; default 90%. */
  readonly coverage?: Percentage;
}

/** A release as its file declares it. */
export interface ReleaseDeclaration {
  readonly product: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly waves: readonly WaveDeclaration[];
  readonly gate: GateDeclaration;
  /** How long a completed release is still judged; default 7 days. */
  readonly watch?: Duration;
}

/** Declare a release: the default export of a file in the releases folder. Data only: no clock, environment or I/O. */
export function defineRelease(declaration: ReleaseDeclaration): ReleaseDeclaration {
  return declaration;
}

/** Schema of an image, shared with the fleet's adopted baselines. */
export const artifactSchema = z
  .strictObject({
    path: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex digits"),
    size: z.int().positive(),
    manifest: z.string(),
    signature: z.string(),
  })
  .superRefine((artifact, context) => {
    if (artifact.path.includes(artifact.sha256)) return;
    context.addIssue({
      code: "custom",
      path: ["path"],
      message: `the path must hold the digest it names: sha256/${artifact.sha256}.bin`,
    });
  });

/** Schema of a product's name. Ids are built from it with `--` between their parts. */
export const productNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "lower-case words joined by single dashes")
  .max(40);

/** Schema of a version: semantic versioning, without build metadata (it could not tell two releases apart). */
export const versionSchema = z
  .string()
  .refine(
    (text) => semver.valid(text) === text && text.length <= 40,
    "a semantic version such as 2.1.0 or 2.1.0-rc.1",
  );

const waveSchema = z.strictObject({
  name: z.string().min(1).max(40),
  cohort: cohortSchema,
  kind: z.enum(["smoke", "evidence"]).default("evidence"),
  bake: durationSchema.optional(),
});

const gateSchema = z
  .strictObject({
    tolerate: percentageSchema,
    reject: percentageSchema,
    falseStop: percentageSchema,
    missedBad: percentageSchema,
    deadline: durationSchema,
    bake: durationSchema,
    harmCap: z.int().positive(),
    patience: durationSchema.default(14 * 86_400_000),
    coverage: percentageSchema.default(0.9),
  })
  .superRefine((gate, context) => {
    const refuse = (key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [key], message });
    };
    if (gate.tolerate <= 0) refuse("tolerate", "must be above 0%: no fleet fails never");
    if (gate.reject <= gate.tolerate)
      refuse("reject", "must be above `tolerate`: the gate decides between the two");
    if (gate.reject >= 1) refuse("reject", "must be below 100%");
    for (const key of ["falseStop", "missedBad"] as const) {
      if (gate[key] <= 0 || gate[key] >= 0.5) refuse(key, "must lie between 0% and 50%");
    }
    if (gate.bake < gate.deadline) {
      refuse("bake", "must be at least the deadline: a device that fell silent counts only after it");
    }
    if (gate.coverage <= 0) refuse("coverage", "must be above 0%");
  });

const releaseSchema = z
  .strictObject({
    product: productNameSchema,
    version: versionSchema,
    artifact: artifactSchema,
    waves: z
      .array(waveSchema)
      .min(1)
      .superRefine((waves, context) => {
        const last = waves.at(-1)?.cohort;
        if (last?.kind !== "percent" || last.percent !== 100) {
          context.addIssue({
            code: "custom",
            path: [waves.length - 1, "cohort"],
            message: "the last wave must be percent(100)",
          });
        }
        let widest = 0;
        waves.forEach(({ name, cohort }, index) => {
          if (waves.findIndex((wave) => wave.name === name) !== index) {
            context.addIssue({
              code: "custom",
              path: [index, "name"],
              message: `another wave is called "${name}" too`,
            });
          }
          if (cohort.kind === "ring" && index > 0) {
            context.addIssue({
              code: "custom",
              path: [index, "cohort"],
              message: "a ring can only be the first wave",
            });
          }
          if (cohort.kind !== "percent") return;
          if (cohort.percent <= widest) {
            context.addIssue({
              code: "custom",
              path: [index, "cohort"],
              message: "each wave must be wider than the one before",
            });
          }
          widest = cohort.percent;
        });
      }),
    gate: gateSchema,
    watch: durationSchema.default(7 * 86_400_000),
  })
  .superRefine(({ waves, gate }, context) => {
    waves.forEach(({ bake }, index) => {
      if (bake === undefined || bake >= gate.deadline) return;
      const message = "must be at least the gate's deadline: a device that fell silent counts only after it";
      context.addIssue({ code: "custom", path: ["waves", index, "bake"], message });
    });
  });

/** A wave, checked: durations in milliseconds, defaults filled in. */
export interface Wave {
  readonly name: string;
  readonly cohort: Cohort;
  readonly kind: "smoke" | "evidence";
  readonly bakeMs: number;
}

/** A gate, checked: rates as fractions, durations in milliseconds. */
export interface Gate {
  readonly tolerate: number;
  readonly reject: number;
  readonly falseStop: number;
  readonly missedBad: number;
  readonly deadlineMs: number;
  readonly bakeMs: number;
  readonly harmCap: number;
  readonly patienceMs: number;
  /** Fraction of one. */
  readonly coverage: number;
}

/** A release, checked. Two files that say the same have the same digest, however they are written. */
export interface Release {
  readonly product: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly waves: readonly Wave[];
  readonly gate: Gate;
  readonly watchMs: number;
}

/** Identity of a release's content. An abort sticks to it. */
export function digestOfRelease(release: Release): Digest {
  return digestOf(release);
}

/** Check a declaration read from `file`; all problems at once. */
export function parseRelease(
  value: unknown,
  file: string,
):
  | { readonly release: Release; readonly problems: readonly [] }
  | { readonly release?: undefined; readonly problems: readonly Problem[] } {
  const parsed = releaseSchema.safeParse(value);
  if (!parsed.success) {
    return {
      problems: problemsFromZod({ error: parsed.error, code: "RELEASE_INVALID", file, shape: releaseSchema }),
    };
  }
  const { watch, waves, gate, ...rest } = parsed.data;
  const { deadline, bake, patience, ...rates } = gate;
  return {
    problems: [],
    release: {
      ...rest,
      waves: waves.map(({ bake: own, ...wave }) => ({ ...wave, bakeMs: own ?? bake })),
      gate: { ...rates, deadlineMs: deadline, bakeMs: bake, patienceMs: patience },
      watchMs: watch,
    },
  };
}
