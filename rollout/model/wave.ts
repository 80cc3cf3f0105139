import { z } from "zod";
import { cohortSchema, type Cohort } from "./cohort.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { instantSchema } from "./schedule.ts";

/** A wave as a release file declares it. */
export interface WaveDeclaration {
  /** 1 to 40 characters, unique in the release. */
  readonly name: string;
  /** Whom it adds to the waves before it. */
  readonly cohort: Cohort;
  /**
   * `evidence` (default) promotes only on proof; `smoke` when nothing bad was seen for the bake; `timed` makes no claim
   * either and waits for nothing but its bake. All are stopped by evidence against the release.
   */
  readonly kind?: "smoke" | "evidence" | "timed";
  /** How long the wave must run after its devices have made contact; default: the gate's `bake`. */
  readonly bake?: Duration;
  /** People who must approve before this wave opens; default 0. */
  readonly approvals?: number;
  /** The wave does not open before: an ISO 8601 instant with its zone. */
  readonly startAt?: string;
  /** Open it in this many equal parts, one after another; default: at once. */
  readonly pace?: PaceDeclaration;
}

/** A wave that opens in parts. */
export interface PaceDeclaration {
  /** Parts of about the same number of devices, 2 to 100. */
  readonly parts: number;
  /** Time between two parts. */
  readonly every: Duration;
}

/** A wave, checked: durations in milliseconds, defaults filled in. */
export interface Wave {
  /** Unique in the release. */
  readonly name: string;
  /** Whom it adds to the waves before it. */
  readonly cohort: Cohort;
  /** What it claims: `evidence` promotes on proof, `smoke` and `timed` make no statistical claim. */
  readonly kind: "smoke" | "evidence" | "timed";
  /** How long it must run once it is covered, ms. */
  readonly bakeMs: number;
  /** People who must approve before it opens. */
  readonly approvals: number;
  /** Epoch ms; absent: as soon as the wave before is promoted. */
  readonly startAt?: number;
  /** It opens in parts, one after another; absent: at once. */
  readonly pace?: Pace;
}

/** A pace, checked. */
export interface Pace {
  /** Parts of about the same number of devices, 2 to 100. */
  readonly parts: number;
  /** Time between two parts, ms. */
  readonly everyMs: number;
}

/** Most parts that a wave opens in. */
export const MOST_PARTS = 100;

const waveSchema = z.strictObject({
  name: z.string().min(1).max(40),
  cohort: cohortSchema,
  kind: z.enum(["smoke", "evidence", "timed"]).default("evidence"),
  bake: durationSchema.optional(),
  approvals: z.int().nonnegative().max(10).default(0),
  startAt: instantSchema.exactOptional(),
  pace: z
    .strictObject({ parts: z.int().min(2).max(MOST_PARTS), every: durationSchema })
    .transform(({ parts, every }) => ({ parts, everyMs: every }))
    .exactOptional(),
});

/** Schema of a release's waves: each is wider than the one before, the last is everyone. */
export const wavesSchema = z
  .array(waveSchema)
  .min(1)
  .superRefine((waves, context) => {
    const refuse = (index: number, key: string, message: string): void => {
      context.addIssue({ code: "custom", path: [index, key], message });
    };
    const last = waves.at(-1)?.cohort;
    if (last?.kind !== "percent" || last.percent !== 100)
      refuse(waves.length - 1, "cohort", "the last wave must be percent(100)");
    let widest = 0;
    waves.forEach(({ name, cohort }, index) => {
      if (waves.findIndex((wave) => wave.name === name) !== index)
        refuse(index, "name", `another wave is called "${name}" too`);
      if (cohort.kind === "ring" && index > 0) refuse(index, "cohort", "a ring can only be the first wave");
      if (cohort.kind !== "percent") return;
      if (cohort.percent <= widest) refuse(index, "cohort", "each wave must be wider than the one before");
      widest = cohort.percent;
    });
  });

/** The waves of a checked declaration; `bakeMs` is what the gate says where a wave says nothing. */
export function wavesOf(waves: z.output<typeof wavesSchema>, bakeMs: number): readonly Wave[] {
  return waves.map(({ bake: own, ...wave }) => ({ ...wave, bakeMs: own ?? bakeMs }));
}
