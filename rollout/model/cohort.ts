import { z } from "zod";

/** Who a wave adds. Wave k holds everyone of the waves before it too. */
export type Cohort =
  /** Devices whose tag `rollout.ring` has this value. */
  | { readonly kind: "ring"; readonly ring: string }
  /** A window of buckets of this width, in percent of the fleet, starting at the release's own place. */
  | { readonly kind: "percent"; readonly percent: number };

/** Devices that the fleet's owner put into a ring, for the first wave: `ring("canary")`. */
export function ring(name: string): Cohort {
  return { kind: "ring", ring: name };
}

/** A share of the product's devices by hash bucket: `percent(10)`; `percent(100)` is everyone with a bucket. */
export function percent(share: number): Cohort {
  return { kind: "percent", percent: share };
}

/** Schema of a cohort as declarations and records hold it. */
export const cohortSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ring"),
    // What target conditions take inside quotes, less the quote itself [IoTHub: target conditions].
    ring: z
      .string()
      .regex(
        /^[A-Za-z0-9\-:.+%_#*?!(),=@;$]{1,64}$/,
        "ring names are 1 to 64 letters, digits or -:.+%_#*?!(),=@;$",
      ),
  }),
  z.strictObject({ kind: z.literal("percent"), percent: z.number().gt(0).lte(100) }),
]);

/** A cohort in words: "ring canary", "10%". */
export function formatCohort(cohort: Cohort): string {
  switch (cohort.kind) {
    case "ring":
      return `ring ${cohort.ring}`;
    case "percent":
      return `${cohort.percent}%`;
  }
}
