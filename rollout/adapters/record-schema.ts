import { z } from "zod";
import type { Digest } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import type { RolloutRecord } from "../model/record.ts";
import type { Stop } from "../model/stop.ts";
import { metricEvidenceSchema, metricReadingsSchema, metricVerdictsSchema } from "./metric-schema.ts";
import { artifact, digest, release } from "./release-schema.ts";

// Records are read back strictly: a file of a later schema is refused, not half understood.

/** What to do about a record whose digest is right and whose shape is not known. */
export const OTHER_VERSION =
  "another version of wavegate wrote it: use that one, or a newer one; this one only stops things until then";

const counts = z.record(z.string(), z.int().nonnegative());
const attempt = z.string().regex(/^fw--[a-z0-9-]+--[a-z0-9_-]+--[1-9]\d*$/);

const stop = z.strictObject({
  // Whatever stood in the label: somebody may have written it by hand.
  id: z.string(),
  kind: z.enum(["hold", "halt", "abort"]),
  attempt,
  release: z.string(),
  actor: z.string(),
  at: z.string(),
  reason: z.string(),
  nonce: z.string(),
});

const base = {
  attempt,
  version: z.string(),
  digest,
  condition: z.string(),
  priority: z.int(),
  created: z.record(z.string(), z.string()),
};

const approval = z.strictObject({ wave: z.string(), actor: z.string(), at: z.number() });

const intent = z.discriminatedUnion("state", [
  z.strictObject({ ...base, state: z.literal("adopted"), artifact, where: z.string().exactOptional() }),
  z.strictObject({ ...base, state: z.literal("retired"), retiredAt: z.number() }),
  z.strictObject({
    ...base,
    state: z.enum([
      "running",
      "held",
      "watching",
      "settled",
      "superseded",
      "rolling back",
      "rolled back",
      "halted",
    ]),
    release,
    wave: z.int().nonnegative(),
    strata: z.array(z.string()),
    proving: z.array(z.string()),
    population: counts.exactOptional(),
    openedAt: z.number(),
    targeted: counts,
    added: counts,
    part: z.int().positive(),
    partOpenedAt: z.number(),
    windows: z.record(z.string(), counts),
    author: z.string(),
    approvals: z.array(approval),
    overrides: z.array(
      z.strictObject({
        wave: z.string(),
        evidence: digest,
        actor: z.string(),
        reason: z.string(),
        at: z.number(),
        until: z.number(),
        file: z.strictObject({ name: z.string(), digest }).exactOptional(),
      }),
    ),
    retryOf: attempt.exactOptional(),
    only: z.array(z.string()).exactOptional(),
    failed: z.array(z.string()).exactOptional(),
    retry: z
      .strictObject({
        actor: z.string(),
        reason: z.string(),
        at: z.number(),
        only: z.array(z.string()).exactOptional(),
      })
      .exactOptional(),
    abortedAt: z.number().exactOptional(),
    completedAt: z.number().exactOptional(),
  }),
]);

const verdict = z.strictObject({
  kind: z.enum(["promote", "hold", "abort"]),
  guarantee: z.enum(["statistical", "smoke", "time-only", "overridden"]),
  reasons: z.array(
    z.strictObject({
      code: z.string(),
      metric: z.string().exactOptional(),
      stratum: z.string().exactOptional(),
      view: z.enum(["cumulative", "wave"]).exactOptional(),
      k: z.number().exactOptional(),
      n: z.number().exactOptional(),
      evidence: z.number().exactOptional(),
      threshold: z.number().exactOptional(),
      rate: z
        .strictObject({
          lower: z.number(),
          upper: z.number(),
          confidence: z.number(),
          ofAll: z.strictObject({ devices: z.int(), mostBad: z.int() }).exactOptional(),
        })
        .exactOptional(),
      text: z.string(),
    }),
  ),
  metrics: metricVerdictsSchema.exactOptional(),
});

const stratumCounts = z.record(
  z.string(),
  z.strictObject({
    ok: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    unresolved: z.int().nonnegative(),
    most: z.int().nonnegative(),
    silent: z.int().nonnegative(),
    strays: z.int().nonnegative(),
  }),
);

const judged = z.strictObject({
  attempt,
  at: z.int(),
  wave: z.int().nonnegative(),
  judgedAs: z.enum(["open", "watched"]),
  queryLagMs: z.number().nonnegative(),
  counts: z.strictObject({ cumulative: stratumCounts, wave: stratumCounts }),
  coverage: z.strictObject({ contacted: z.int().nonnegative(), targeted: z.int().nonnegative() }),
  openedAt: z.int(),
  bakedSince: z.int().exactOptional(),
  strata: z.array(z.string()),
  proving: z.array(z.string()),
  thresholds: z.strictObject({ cumulative: z.number(), wave: z.number(), promote: z.number() }),
  rates: z.strictObject({ confidence: z.number(), population: counts }).exactOptional(),
  contact: z
    .strictObject({ added: counts, idle: z.int().nonnegative(), checkInsMs: z.number().nonnegative() })
    .exactOptional(),
  looks: z.strictObject({ count: z.int().positive(), digest }),
  metrics: metricEvidenceSchema.exactOptional(),
});

const shape = z.strictObject({
  schemaVersion: z.literal(1),
  product: z.string(),
  parent: digest.nullable(),
  kind: z.enum([
    "create",
    "adopt",
    "start",
    "promote",
    "widen",
    "approve",
    "override",
    "complete",
    "settle",
    "hold",
    "resume",
    "halt",
    "abort",
    "retry",
    "rolled back",
    "retire",
  ]),
  at: z.string(),
  actor: z.string(),
  reason: z.string(),
  subject: attempt.nullable(),
  intents: z.array(intent),
  stops: z.array(stop),
  verdict: verdict.exactOptional(),
  judged: judged.exactOptional(),
  approval: approval.exactOptional(),
});

/** A record as a store holds it. */
// The brands of digests and attempts are what the patterns above have just checked.
export const recordSchema = shape as unknown as z.ZodType<RolloutRecord>;

const tally = z.strictObject({
  ok: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  contacted: z.int().nonnegative(),
});
const view = z.record(z.string(), tally);

/** One line of a series of looks. */
export const lookSchema: z.ZodType<Look> = z
  .strictObject({
    schemaVersion: z.literal(1),
    at: z.number(),
    wave: z.int().nonnegative(),
    views: z.strictObject({ all: view, wave: view }),
    answered: z.int().nonnegative(),
    metrics: metricReadingsSchema.exactOptional(),
    digest,
  })
  .transform(({ at, wave, views, answered, metrics }) => ({
    at,
    wave,
    views,
    answered,
    ...(metrics === undefined ? {} : { metrics }),
  }));

/** Which head a hub last had. */
// The brand of the digest is what the pattern has checked.
export const markSchema = z.strictObject({
  schemaVersion: z.literal(1),
  head: digest,
}) as unknown as z.ZodType<{ readonly head: Digest }>;

/** The abort that ended a release. */
// The brand of the attempt is what the pattern has checked.
export const tombstoneSchema = stop.extend({ schemaVersion: z.literal(1) }) as unknown as z.ZodType<
  Stop & { readonly schemaVersion: 1 }
>;
