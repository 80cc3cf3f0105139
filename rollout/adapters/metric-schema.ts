import { z } from "zod";
import { TROUBLES } from "../model/metric-reading.ts";

// Metrics as records and looks hold them; read back strictly, like everything in a store.

const judge = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("limit"),
    above: z.number().exactOptional(),
    below: z.number().exactOptional(),
    failures: z.int(),
  }),
  z.strictObject({ kind: z.literal("binomial"), tolerate: z.number(), reject: z.number().exactOptional() }),
  z.strictObject({ kind: z.literal("rate ratio"), tolerate: z.number() }),
]);
const mode = z.enum(["enforce", "shadow"]);
const trouble = z.enum(TROUBLES);
const state = z.enum(["measured", "no data", "stale", "broken", "inconsistent", "no control"]);
const count = z.int().nonnegative();

/** The metrics of a release's gate. */
export const metricsSchema = z.array(
  z.strictObject({
    name: z.string(),
    source: z.string(),
    queries: z.record(z.string(), z.string()),
    judge,
    freshnessMs: z.number(),
    everyMs: z.number().exactOptional(),
    mode,
  }),
);

/** What a verdict says of each metric. */
export const metricVerdictsSchema = z.array(
  z.strictObject({
    name: z.string(),
    mode,
    state,
    kind: z.enum(["pass", "hold", "abort"]),
    text: z.string(),
  }),
);

/** What each metric's verdict was computed from. */
export const metricEvidenceSchema = z.record(
  z.string(),
  z.strictObject({
    state,
    trouble: trouble.exactOptional(),
    missing: z.array(z.string()).exactOptional(),
    at: z.int().exactOptional(),
    numbers: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("limit"),
        byStratum: z.record(z.string(), z.strictObject({ value: z.number(), failing: count })),
      }),
      z.strictObject({
        kind: z.literal("binomial"),
        byStratum: z.record(z.string(), z.strictObject({ bad: count, total: count, unproven: count })),
      }),
      z.strictObject({
        kind: z.literal("rate ratio"),
        byStratum: z.record(
          z.string(),
          z.strictObject({ treated: count, control: count, logRatios: z.array(z.number()) }),
        ),
      }),
    ]),
  }),
);

/** What a look read of each metric that was asked. */
export const metricReadingsSchema = z.record(
  z.string(),
  z.discriminatedUnion("state", [
    z.strictObject({
      state: z.literal("measured"),
      at: z.int(),
      values: z.record(z.string(), z.record(z.string(), z.number())),
    }),
    z.strictObject({ state: z.literal("no data") }),
    z.strictObject({ state: z.literal("broken"), trouble }),
  ]),
);
