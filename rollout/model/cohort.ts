import { z } from "zod";

/** Who a wave adds. Wave k holds everyone of the waves before it too. */
export type Cohort =
  /** Devices whose tag `rollout.ring` has this value. */
  | {
      /** How its devices are chosen. */
      readonly kind: "ring";
      /** Of `ring`: the value of the tag. */
      readonly ring: string;
    }
  /** A window of buckets of this width, in percent of the fleet, starting at the release's own place. */
  | {
      readonly kind: "percent";
      /** Of `percent`: above 0, at most 100. */
      readonly percent: number;
    }
  /** A window wide enough for about this many devices; its width is computed once, from counts, and recorded. */
  | {
      readonly kind: "devices";
      /** How many devices; of `named` their ids. */
      readonly devices: number;
    }
  /** Devices by id. */
  | { readonly kind: "named"; readonly devices: readonly string[] }
  /** In each stratum a window wide enough for this many devices, or all of a smaller stratum; recorded like `devices`. */
  | {
      readonly kind: "at least";
      readonly devices: number;
      /** Of `at least`: there is no other unit. */
      readonly per: "stratum";
    }
  /** Devices under a target condition of one's own. */
  | {
      readonly kind: "where";
      /** Of `where`: the condition. */
      readonly where: string;
    };

/** Most devices a wave names one by one: a target condition has room for no more. */
export const MOST_NAMED = 100;

/** Devices that the fleet's owner put into a ring, for the first wave: `ring("canary")`. */
export function ring(name: string): Cohort {
  return { kind: "ring", ring: name };
}

/** A share of the product's devices by hash bucket: `percent(10)`; `percent(100)` is everyone with a bucket. */
export function percent(share: number): Cohort {
  return { kind: "percent", percent: share };
}

/** About this many devices, by hash bucket: `devices(500)`. */
export function devices(count: number): Cohort {
  return { kind: "devices", devices: count };
}

/** These devices, at most 100 ids: `named(["press-04", "press-07"])`. */
export function named(deviceIds: readonly string[]): Cohort {
  return { kind: "named", devices: deviceIds };
}

/** So many devices of every stratum, so that each can prove the gate: `atLeast(100).per("stratum")`. */
export function atLeast(count: number): {
  /** Of every stratum: there is no other unit. */
  per(unit: "stratum"): Cohort;
} {
  return { per: (unit) => ({ kind: "at least", devices: count, per: unit }) };
}

/** Devices under a condition in IoT Hub's language: `where("tags.site = 'lab'")`. */
export function where(condition: string): Cohort {
  return { kind: "where", where: condition };
}

// What target conditions take inside quotes, less the quote itself [IoT Hub: target conditions].
const QUOTABLE = "[A-Za-z0-9\\-:.+%_#*?!(),=@;$]";

/** Schema of a cohort as declarations and records hold it. */
export const cohortSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("ring"),
    ring: z
      .string()
      .regex(
        new RegExp(`^${QUOTABLE}{1,64}$`),
        "ring names are 1 to 64 letters, digits or -:.+%_#*?!(),=@;$",
      ),
  }),
  z.strictObject({ kind: z.literal("percent"), percent: z.number().gt(0).lte(100) }),
  z.strictObject({ kind: z.literal("devices"), devices: z.int().positive() }),
  z.strictObject({
    kind: z.literal("named"),
    devices: z
      .array(z.string().regex(new RegExp(`^${QUOTABLE}{1,128}$`), "no device id"))
      .min(1)
      .max(MOST_NAMED),
  }),
  z.strictObject({ kind: z.literal("at least"), devices: z.int().positive(), per: z.literal("stratum") }),
  z.strictObject({ kind: z.literal("where"), where: z.string().min(1).max(2_000) }),
]);

/** A cohort in words: "ring canary", "10%". */
export function formatCohort(cohort: Cohort): string {
  switch (cohort.kind) {
    case "ring":
      return `ring ${cohort.ring}`;
    case "percent":
      return `${cohort.percent}%`;
    case "devices":
      return `${cohort.devices} devices`;
    case "named":
      return cohort.devices.length <= 3
        ? cohort.devices.join(", ")
        : `${cohort.devices.length} named devices`;
    case "at least":
      return `at least ${cohort.devices} a ${cohort.per}`;
    case "where":
      return `where ${cohort.where}`;
  }
}
