import semver from "semver";
import { z } from "zod";
import { artifactSchema, type Artifact } from "./artifact.ts";
import { longestDeadline } from "./deadline.ts";
import { digestOf, type Digest } from "./digest.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { gateOf, gateSchema, type Gate, type GateDeclaration } from "./gate.ts";
import type { MaintenanceWindow } from "./maintenance-window.ts";
import type { Problem } from "./problem.ts";
import { instantSchema, windowSchema, type WindowDeclaration } from "./schedule.ts";
import { problemsFromZod } from "./schema-problems.ts";
import { wavesOf, wavesSchema, type Wave, type WaveDeclaration } from "./wave.ts";

/** A release as its file declares it. */
export interface ReleaseDeclaration {
  readonly product: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly waves: readonly WaveDeclaration[];
  readonly gate: GateDeclaration;
  /** How long a completed release is still judged; default 7 days. */
  readonly watch?: Duration;
  /** Devices it fits, as a target condition ("tags.hardware = 'B'"); default: every device of the product. */
  readonly where?: string;
  /** The very version a device must run before it takes this one, for steps that must not be skipped; default: any. */
  readonly requires?: string;
  /** It does not start before: an ISO 8601 instant with its zone. */
  readonly startAt?: string;
  /** It does not grow after: an ISO 8601 instant with its zone. What it has reached stays. */
  readonly expiresAt?: string;
  /** Exposure grows only while one of these is open; default: always. */
  readonly windows?: readonly WindowDeclaration[];
}

/** Declare a release: the default export of a file in the releases folder. Data only: no clock, environment or I/O. */
export function defineRelease(declaration: ReleaseDeclaration): ReleaseDeclaration {
  return declaration;
}

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

const releaseSchema = z
  .strictObject({
    product: productNameSchema,
    version: versionSchema,
    artifact: artifactSchema,
    waves: wavesSchema,
    gate: gateSchema,
    watch: durationSchema.default(7 * 86_400_000),
    where: z.string().min(1).max(2_000).exactOptional(),
    requires: versionSchema.exactOptional(),
    startAt: instantSchema.exactOptional(),
    expiresAt: instantSchema.exactOptional(),
    windows: z.array(windowSchema).min(1).exactOptional(),
  })
  .superRefine(({ waves, gate, requires, version, startAt, expiresAt }, context) => {
    const refuse = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    waves.forEach(({ bake }, index) => {
      if (bake === undefined || bake >= longestDeadline(gate.deadline)) return;
      const message = "must be at least the gate's deadline: a device that fell silent counts only after it";
      refuse(["waves", index, "bake"], message);
    });
    // A malformed version has its own problem.
    if (
      requires !== undefined &&
      semver.valid(requires) !== null &&
      semver.valid(version) !== null &&
      semver.gte(requires, version)
    )
      refuse(["requires"], `must be below ${version}: no device could take it`);
    if (startAt !== undefined && expiresAt !== undefined && expiresAt <= startAt)
      refuse(["expiresAt"], "must be after `startAt`");
  });

/** A release, checked. Two files that say the same have the same digest, however they are written. */
export interface Release {
  readonly product: string;
  readonly version: string;
  readonly artifact: Artifact;
  readonly waves: readonly Wave[];
  readonly gate: Gate;
  readonly watchMs: number;
  readonly where?: string;
  readonly requires?: string;
  /** Epoch ms. */
  readonly startAt?: number;
  /** Epoch ms. */
  readonly expiresAt?: number;
  readonly windows?: readonly MaintenanceWindow[];
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
  const { watch, waves, gate: declared, ...rest } = parsed.data;
  const gate = gateOf(declared);
  return {
    problems: [],
    release: { ...rest, waves: wavesOf(waves, gate.bakeMs), gate, watchMs: watch },
  };
}
