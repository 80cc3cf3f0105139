import { z } from "zod";
import {
  deadlineSchema,
  longestDeadline,
  shortestDeadline,
  type DeadlineDeclaration,
  type Deadlines,
} from "./deadline.ts";
import { durationSchema, type Duration } from "./duration.ts";
import { metricSchema, type Metric, type MetricDeclaration } from "./metric.ts";
import { percentageSchema, type Percentage } from "./percentage.ts";

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
  /**
   * From contact to `ok` or `failed`; a device that says nothing by then counts as failed. Strata that call home seldom
   * may have their own: `{ default: "48 hours", strata: { "cellular-weekly": "10 days" } }`.
   */
  readonly deadline: DeadlineDeclaration;
  /** How long a wave must run once enough of its devices made contact, before it is judged; at least the deadline. */
  readonly bake: Duration;
  /** Devices failed or silent at which the rollout stops, whatever the statistics say. */
  readonly harmCap: number;
  /** Longest time a wave may stay undecided before a person is asked; default 14 days. */
  readonly patience?: Duration;
  /** Share of a wave's recently active devices that must have made contact before it is judged; default 90%. */
  readonly coverage?: Percentage;
  /** What an abort does: `roll back` (default) gives the devices their baseline again, `halt` leaves them where they are. */
  readonly onAbort?: "roll back" | "halt";
  /** Gates on other numbers than success and failure, beside this one; default: none. */
  readonly metrics?: readonly MetricDeclaration[];
}

/** A gate, checked: rates as fractions, durations in milliseconds. */
export interface Gate extends Deadlines {
  /** Failure rate of a release that is good enough, as a fraction. */
  readonly tolerate: number;
  /** Failure rate of a release that must not ship, as a fraction. */
  readonly reject: number;
  /** Chance, over the whole rollout, to stop a release that is good enough, as a fraction. */
  readonly falseStop: number;
  /** Chance, per evidence wave, to let a release pass that must not ship, as a fraction. */
  readonly missedBad: number;
  /** How long a covered wave must run before it is judged, ms. */
  readonly bakeMs: number;
  /** Devices failed or silent at which the rollout stops, whatever the statistics say. */
  readonly harmCap: number;
  /** Longest time a wave may stay undecided before a person is asked, ms. */
  readonly patienceMs: number;
  /** Share of a wave's recently active devices that must have made contact before it is judged, as a fraction. */
  readonly coverage: number;
  /** What an abort does: `roll back` gives the devices their baseline again, `halt` leaves them where they are. */
  readonly onAbort: "roll back" | "halt";
  /** Gates on other numbers; absent: none. */
  readonly metrics?: readonly Metric[];
}

/** Schema of a gate's declaration; durations come out in ms under their declared names (see `gateOf`). */
export const gateSchema = z
  .strictObject({
    tolerate: percentageSchema,
    reject: percentageSchema,
    falseStop: percentageSchema,
    missedBad: percentageSchema,
    deadline: deadlineSchema,
    bake: durationSchema,
    harmCap: z.int().positive(),
    patience: durationSchema.default(14 * 86_400_000),
    coverage: percentageSchema.default(0.9),
    onAbort: z.enum(["roll back", "halt"]).default("roll back"),
    metrics: z.array(metricSchema).min(1).max(20).exactOptional(),
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
    if (shortestDeadline(gate.deadline) <= 0)
      refuse("deadline", "must be above 0: a device needs time to answer, or every one counts as silent");
    if (gate.bake < longestDeadline(gate.deadline)) {
      refuse(
        "bake",
        "must be at least the deadline (the longest of its strata): a device that fell silent counts only after it",
      );
    }
    if (gate.coverage <= 0) refuse("coverage", "must be above 0%");
    gate.metrics?.forEach(({ name }, index, all) => {
      if (all.findIndex((metric) => metric.name === name) !== index)
        context.addIssue({
          code: "custom",
          path: ["metrics", index, "name"],
          message: `another metric is called "${name}" too`,
        });
    });
  });

/** The gate of a checked declaration. */
export function gateOf({ deadline, bake, patience, ...rest }: z.output<typeof gateSchema>): Gate {
  return { ...rest, ...deadline, bakeMs: bake, patienceMs: patience };
}
