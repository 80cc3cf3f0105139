import semver from "semver";
import { z } from "zod";
import { artifactSchema, manifestFaults, type Artifact } from "./artifact.ts";
import { longestDeadline } from "./deadline.ts";
import { digestOf, type Digest } from "./digest.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { gateOf, gateSchema, type Gate, type GateDeclaration } from "./gate.ts";
import type { MaintenanceWindow } from "./maintenance-window.ts";
import type { Metric } from "./metric.ts";
import { CONTROL_PLACEHOLDERS, PLAIN_WAVE_NAME, placeholdersIn } from "./metric-query.ts";
import { percentageSchema, type Percentage } from "./percentage.ts";
import type { Problem } from "./problem.ts";
import { productNameSchema, versionSchema } from "./product-version.ts";
import { instantSchema, windowSchema, type WindowDeclaration } from "./schedule.ts";
import { problemsFromZod } from "./schema-problems.ts";
import { wavesOf, wavesSchema, type Wave, type WaveDeclaration } from "./wave.ts";

/** A release as its file declares it. */
export interface ReleaseDeclaration {
  /** A product of the fleet. */
  readonly product: string;
  /** Semantic version; two files may not declare the same one of a product. */
  readonly version: string;
  /** The image and what is signed about it. */
  readonly artifact: Artifact;
  /** Steps of exposure in order: each is wider than the one before, the last is everyone. */
  readonly waves: readonly WaveDeclaration[];
  /** What lets the release on, and what stops it. */
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
  /** Share of the buckets that no wave but the last may reach: what treated devices are compared with; default: none. */
  readonly holdOut?: Percentage;
}

/** Declare a release: the default export of a file in the releases folder. Data only: no clock, environment or I/O. */
export function defineRelease(declaration: ReleaseDeclaration): ReleaseDeclaration {
  return declaration;
}

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
    holdOut: percentageSchema
      .refine((share) => share > 0 && share <= 0.5, "must be above 0%, at most 50%")
      .exactOptional(),
  })
  .superRefine(
    ({ product, artifact, waves, gate, requires, version, startAt, expiresAt, holdOut }, context) => {
      const refuse = (path: (string | number)[], message: string): void => {
        context.addIssue({ code: "custom", path, message });
      };
      waves.forEach(({ bake }, index) => {
        if (bake === undefined || bake >= longestDeadline(gate.deadline)) return;
        const message =
          "must be at least the gate's deadline: a device that fell silent counts only after it";
        refuse(["waves", index, "bake"], message);
      });
      for (const fault of manifestFaults(artifact, { product, version }))
        refuse(["artifact", "manifest"], fault);
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
      if (holdOut !== undefined && waves.length < 2)
        refuse(["holdOut"], "the only wave reaches everyone: without a wave before it nothing is compared");
      gate.metrics?.forEach((metric, index) => {
        // One that has problems of its own was not read to its end.
        if (!("queries" in metric)) return;
        for (const fault of metricFaults(metric, { waves, holdOut }))
          refuse(["gate", "metrics", index], fault);
      });
    },
  );

/** What is wrong with a metric in this release. */
function metricFaults(
  { judge, queries }: Metric,
  {
    waves,
    holdOut,
  }: { readonly waves: readonly { readonly name: string }[]; readonly holdOut: number | undefined },
): readonly string[] {
  const named = new Set(Object.values(queries).flatMap(placeholdersIn));
  const withoutControl = CONTROL_PLACEHOLDERS.filter((name) => named.has(name));
  const unquotable = named.has("wave") ? waves.filter(({ name }) => !PLAIN_WAVE_NAME.test(name)) : [];
  return [
    ...(judge.kind === "rate ratio" && holdOut === undefined
      ? ['a rate ratio has nothing to compare with: declare a hold-out, such as holdOut: "2%"']
      : holdOut === undefined
        ? withoutControl.map((name) => `{{${name}}} has no value: the release declares no hold-out`)
        : []),
    ...unquotable.map(
      ({ name }) =>
        `the wave "${name}" cannot stand in a query: name it with letters, digits, spaces and _.:%+-`,
    ),
  ];
}

/** A release, checked. Two files that say the same have the same digest, however they are written. */
export interface Release {
  /** A product of the fleet. */
  readonly product: string;
  /** Semantic version. */
  readonly version: string;
  /** The image and what is signed about it. */
  readonly artifact: Artifact;
  /** Steps of exposure, each wider than the one before. */
  readonly waves: readonly Wave[];
  /** What lets the release on, and what stops it. */
  readonly gate: Gate;
  /** How long a completed release is still judged, ms. */
  readonly watchMs: number;
  /** Devices it fits, as a target condition; absent: every device of the product. */
  readonly where?: string;
  /** The version a device must run before it takes this one; absent: any. */
  readonly requires?: string;
  /** It does not start before, epoch ms. */
  readonly startAt?: number;
  /** It does not grow after, epoch ms. */
  readonly expiresAt?: number;
  /** Exposure grows only while one of these is open. */
  readonly windows?: readonly MaintenanceWindow[];
  /** Fraction of the buckets, the last ones of the release's own rotation. */
  readonly holdOut?: number;
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
