import { z } from "zod";
import { cohortSchema } from "../model/cohort.ts";
import { metricsSchema } from "./metric-schema.ts";

/** Digests as records hold them. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The image of a release, as records hold it. */
export const artifact = z.strictObject({
  path: z.string(),
  sha256: digest,
  size: z.int(),
  manifest: z.string(),
  signature: z.string(),
});

/** A release, as records hold it. */
export const release = z.strictObject({
  product: z.string(),
  version: z.string(),
  artifact,
  waves: z.array(
    z.strictObject({
      name: z.string(),
      cohort: cohortSchema,
      kind: z.enum(["smoke", "evidence", "timed"]),
      bakeMs: z.number(),
      approvals: z.int(),
      startAt: z.number().exactOptional(),
      pace: z.strictObject({ parts: z.int(), everyMs: z.number() }).exactOptional(),
    }),
  ),
  gate: z.strictObject({
    tolerate: z.number(),
    reject: z.number(),
    falseStop: z.number(),
    missedBad: z.number(),
    deadlineMs: z.number(),
    deadlineMsByStratum: z.record(z.string(), z.number()).exactOptional(),
    bakeMs: z.number(),
    harmCap: z.int(),
    patienceMs: z.number(),
    coverage: z.number(),
    onAbort: z.enum(["roll back", "halt"]),
    metrics: metricsSchema.exactOptional(),
  }),
  watchMs: z.number(),
  where: z.string().exactOptional(),
  requires: z.string().exactOptional(),
  startAt: z.number().exactOptional(),
  expiresAt: z.number().exactOptional(),
  windows: z
    .array(z.strictObject({ cron: z.string(), forMs: z.number(), timeZone: z.string() }))
    .exactOptional(),
  holdOut: z.number().exactOptional(),
});
