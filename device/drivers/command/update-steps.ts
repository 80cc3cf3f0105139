import { z } from "zod";
import type { ErrorCode } from "../../failure.ts";

/** Names of the steps a maker describes. */
export const STEP_NAMES = [
  "version",
  "install",
  "reboot",
  "selfTest",
  "confirm",
  "rollback",
  "holds",
] as const;
/** One of them. */
export type StepName = (typeof STEP_NAMES)[number];

/** Variables that tell a step what it is about; those a step gets are in `STEP_VARIABLES`. */
export type StepVariable = "WAVEGATE_IMAGE" | "WAVEGATE_VERSION" | "WAVEGATE_SHA256" | "WAVEGATE_SLOT";

const ABOUT_IMAGE = ["WAVEGATE_VERSION", "WAVEGATE_SHA256", "WAVEGATE_SLOT"] as const;

/** What each step is told, in its environment and in its arguments. */
export const STEP_VARIABLES: Readonly<Record<StepName, readonly StepVariable[]>> = {
  version: [],
  install: ["WAVEGATE_IMAGE", ...ABOUT_IMAGE],
  reboot: ABOUT_IMAGE,
  selfTest: ABOUT_IMAGE,
  confirm: ABOUT_IMAGE,
  rollback: ABOUT_IMAGE,
  holds: ABOUT_IMAGE,
};

/** Codes that the maker's own programs may end an update with; the others are the agent's to find. */
const MAKER_CODES = [
  "SIGNATURE_INVALID",
  "PRODUCT_MISMATCH",
  "HARDWARE_MISMATCH",
  "BELOW_FLOOR",
  "DIGEST_MISMATCH",
  "WRITE_FAILED",
  "INSTALL_FAILED",
  "SLOT_CORRUPT",
  "BOOT_FAILED",
  "HUNG",
  "SELF_TEST_FAILED",
  "HEALTH_FAILED",
] as const satisfies readonly ErrorCode[];

const UNIT_MS = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 } as const;
const DURATION = /^(\d{1,6}) ?(ms|s|min|h)$/;
const LONGEST_MS = 24 * UNIT_MS.h;

/** `30 s`, as milliseconds; at most a day. */
const duration = z.string({ error: "is no duration such as 30 s" }).transform((text, context) => {
  const [, count, unit] = DURATION.exec(text) ?? [];
  // The expression lets no other unit through.
  const ms = Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms >= 0 && ms <= LONGEST_MS) return ms;
  context.addIssue(`is no duration such as 500 ms, 30 s, 10 min or 2 h, of at most 24 h`);
  return z.NEVER;
});

/** What an exit code means; a code of the catalogue is a failure of that kind. */
const exitMeaning = z.enum(["ok", "retry", "reboot", "failed", ...MAKER_CODES], {
  error: `means ok, retry, reboot, failed or one of ${MAKER_CODES.join(", ")}`,
});
/** A variable to hand on from the agent's environment, or one with its value. */
const environmentEntry = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*(=[^\0]*)?$/, "is neither NAME nor NAME=value")
  .refine((text) => !text.startsWith("WAVEGATE_"), "sets a WAVEGATE_ variable, and those are the agent's");

const text = z.string().regex(/^[^\0]*$/, "holds a zero byte");

const commonKeys = {
  /** Program and arguments; no shell is between. `${WAVEGATE_…}` is replaced within an argument. */
  command: z.tuple([text.min(1)], text).optional(),
  /** A line for `/bin/sh -c`, in place of `command`. */
  shell: text.min(1).optional(),
  /** Folder it runs in, from the file's own; default: that of the whole file. */
  workingDirectory: text.min(1).optional(),
  /** Further variables of its environment. */
  environment: z.array(environmentEntry).default([]),
  /** Exit codes by number. Default: 0 is ok, every other has failed. */
  exitCodes: z
    .record(z.string().regex(/^(0|[1-9]\d{0,2})$/, "is no exit code, 0 to 255"), exitMeaning)
    .default({}),
  /** Tries in all, where an exit code means `retry`. */
  attempts: z.int().min(1).max(20).default(3),
  /** Wait before another try, in milliseconds. */
  retryAfter: duration.default(10_000),
};

/** A step that ends within some time; `timeout` in milliseconds. */
function stepSchema(
  timeoutMs: number,
): z.ZodObject<typeof commonKeys & { timeout: z.ZodDefault<typeof duration> }> {
  return z.strictObject({ ...commonKeys, timeout: duration.default(timeoutMs) });
}

const stepsSchema = z.strictObject({
  version: stepSchema(30_000).extend({
    /** Finds the groups `version` (must), `slot` and `boot` in what the step prints. */
    pattern: z.string().default("^(?<version>\\S+)\\s*$"),
  }),
  install: stepSchema(30 * 60_000),
  reboot: stepSchema(10 * 60_000).extend({
    /** What comes back by it: the device with its agent, or only the firmware, beside an agent that lives on. */
    restarts: z.enum(["device", "firmware"]).default("device"),
    /** Whether it is done after each switch, or only where an exit code said `reboot`. */
    when: z.enum(["always", "needed"]).default("always"),
  }),
  selfTest: stepSchema(60_000),
  confirm: stepSchema(60_000).optional(),
  rollback: stepSchema(60_000).optional(),
  holds: stepSchema(60_000).optional(),
});

/** The whole file, each key by itself; what they must be together is in `update-steps-checks.ts`. */
export const updateStepsSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Names of the two slots, as the version step prints them. */
  slots: z.tuple([text.min(1), text.min(1)]).optional(),
  /** Folder the steps run in, from the file's own. */
  workingDirectory: text.min(1).default("."),
  /** Variables of every step, beside PATH, HOME, LANG and TZ. */
  environment: z.array(environmentEntry).default([]),
  /** Between the signal that asks a step to end (TERM) and the one that ends it (KILL), in milliseconds. */
  killAfter: duration.default(10_000),
  steps: stepsSchema,
});

/** How a device is updated, in its maker's words. */
export type UpdateSteps = Readonly<z.infer<typeof updateStepsSchema>>;
/** One step as it is described. */
export type StepDescription = Readonly<UpdateSteps["steps"]["install"]>;
