import { z } from "zod";
import { durationSchema, type Duration } from "./duration.ts";
import { placeholderFault, placeholdersIn } from "./metric-query.ts";
import { percentageSchema, type Percentage } from "./percentage.ts";

/** A gate beside the main one, on numbers from elsewhere, as a release file declares it. */
export interface MetricDeclaration {
  /** Lower-case words joined by dashes; unique in the release. */
  readonly name: string;
  /** An entry of `sources` in the settings, or `twins`: what the devices report, counted by the hub. */
  readonly source: string;
  /** In the source's language, with placeholders; one text, or one for each number the judge needs. */
  readonly query: string | Readonly<Record<string, string>>;
  /** How its numbers are judged. */
  readonly judge: JudgeDeclaration;
  /** Data that is older than this at a look counts as none. */
  readonly freshness: Duration;
  /** Time between two measurements; default: one a look. */
  readonly every?: Duration;
  /** `shadow` measures, judges and records, and is not obeyed; default `enforce`. */
  readonly mode?: "enforce" | "shadow";
}

/** How a metric is judged. */
export type JudgeDeclaration =
  /** A number somebody chose; it claims no error rate. */
  | {
      readonly kind: "limit";
      /** A value above it is bad. */
      readonly above?: number;
      /** A value below it is bad. */
      readonly below?: number;
      /** Bad measurements in a row that stop the release; default 1. */
      readonly failures?: number;
    }
  /** Bad of total, by the e-process of the main gate. */
  | {
      readonly kind: "binomial";
      /** Rate of a release that is good enough. */
      readonly tolerate: Percentage;
      /** Rate of a release that must not ship: evidence waves then promote on proof of this too. Default: it only stops. */
      readonly reject?: Percentage;
    }
  /** Events of treated devices against those of the hold-out, by their exposure. */
  | {
      readonly kind: "rate ratio";
      /** Ratio of the two rates up to which a release is good enough, at least 1. */
      readonly tolerate: number;
    };

/** A judge, checked: rates as fractions. */
export type Judge =
  | { readonly kind: "limit"; readonly above?: number; readonly below?: number; readonly failures: number }
  | { readonly kind: "binomial"; readonly tolerate: number; readonly reject?: number }
  | { readonly kind: "rate ratio"; readonly tolerate: number };

/** A metric, checked. */
export interface Metric {
  /** Unique in the release. */
  readonly name: string;
  /** An entry of `sources` in the settings, or `twins`. */
  readonly source: string;
  /** Query texts by the number they ask for (see `partsOf`). */
  readonly queries: Readonly<Record<string, string>>;
  /** How its numbers are judged; rates as fractions. */
  readonly judge: Judge;
  /** Data that is older than this at a look counts as none, ms. */
  readonly freshnessMs: number;
  /** Time between two measurements, ms; absent: one a look. */
  readonly everyMs?: number;
  /** `shadow`: measured, judged and recorded, and not obeyed. */
  readonly mode: "enforce" | "shadow";
}

/** The source that needs no settings: devices of the attempt under a condition, counted by the hub. */
export const TWINS = "twins";

/** Stratum of a value that is not told by strata. */
export const ALL_STRATA = "*";

/** The part that says of when the data is, in epoch seconds or ISO 8601; without it: of the look. */
export const AT_PART = "at";

/** The numbers a judge needs. */
function partsOf(judge: Pick<Judge, "kind">, source: string): readonly [string, ...string[]] {
  switch (judge.kind) {
    case "limit":
      return ["value"];
    case "binomial":
      // All contacts of the attempt are counted anyway.
      return source === TWINS ? ["bad"] : ["bad", "total"];
    case "rate ratio":
      return ["treated", "treatedExposure", "control", "controlExposure"];
  }
}

/** True for a metric that may stop a good release by chance, and so has a share of `falseStop`. */
export function takesBudget({ judge, mode }: Pick<Metric, "judge" | "mode">): boolean {
  return mode === "enforce" && judge.kind !== "limit";
}

const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "lower-case words joined by single dashes")
  .max(40);

const limit = z
  .strictObject({
    kind: z.literal("limit"),
    above: z.number().exactOptional(),
    below: z.number().exactOptional(),
    failures: z.int().min(1).max(1_000).default(1),
  })
  .refine(({ above, below }) => above !== undefined || below !== undefined, {
    error: "give `above`, `below` or both",
  })
  .refine(({ above = Infinity, below = -Infinity }) => below <= above, {
    path: ["below"],
    error: "must not be above `above`: every value would be bad",
  });

const binomial = z
  .strictObject({
    kind: z.literal("binomial"),
    tolerate: percentageSchema.refine((rate) => rate > 0 && rate < 1, "must lie between 0% and 100%"),
    reject: percentageSchema.refine((rate) => rate < 1, "must be below 100%").exactOptional(),
  })
  .refine(({ tolerate, reject }) => reject === undefined || reject > tolerate, {
    path: ["reject"],
    error: "must be above `tolerate`",
  });

const rateRatio = z.strictObject({ kind: z.literal("rate ratio"), tolerate: z.number().min(1).max(100) });

const query = z.string().min(1).max(4_000);

/** Schema of one metric of a gate. */
export const metricSchema = z
  .strictObject({
    name: nameSchema,
    source: nameSchema,
    query: z.union([query, z.record(z.string(), query)]),
    judge: z.discriminatedUnion("kind", [limit, binomial, rateRatio]),
    freshness: durationSchema,
    every: durationSchema.exactOptional(),
    mode: z.enum(["enforce", "shadow"]).default("enforce"),
  })
  .superRefine((metric, context) => {
    const refuse = (path: string[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    const { source, judge, freshness, every } = metric;
    const parts = partsOf(judge, source);
    const queries = queriesOf(metric);
    if (source === TWINS && judge.kind === "rate ratio")
      refuse(["judge"], "twins hold no exposure: a rate ratio takes a source that measures it");
    if (typeof metric.query === "string" && parts.length > 1)
      refuse(["query"], `a ${judge.kind} takes a query each for ${parts.join(", ")}`);
    else {
      for (const part of parts.filter((name) => queries[name] === undefined))
        refuse(["query"], `a ${judge.kind} needs \`${part}\` too`);
      const known = source === TWINS ? parts : [...parts, AT_PART];
      for (const part of Object.keys(queries).filter((name) => !known.includes(name)))
        refuse(["query", part], `a ${judge.kind} asks for ${known.join(", ")}`);
    }
    for (const [part, text] of Object.entries(queries)) {
      const path = typeof metric.query === "string" ? ["query"] : ["query", part];
      for (const name of placeholdersIn(text)) {
        const fault = placeholderFault(name);
        if (fault !== undefined) refuse(path, fault);
      }
    }
    if (freshness <= 0) refuse(["freshness"], "must be longer than nothing");
    if (every !== undefined && every > freshness)
      refuse(
        ["every"],
        "must not be longer than `freshness`: the data would be too old before it is asked for again",
      );
  })
  .transform(({ name, source, judge, freshness, every, mode, query: declared }): Metric => ({
    name,
    source,
    queries: queriesOf({ source, judge, query: declared }),
    judge,
    freshnessMs: freshness,
    ...(every === undefined ? {} : { everyMs: every }),
    mode,
  }));

function queriesOf({
  source,
  query: declared,
  judge,
}: {
  readonly source: string;
  readonly query: MetricDeclaration["query"];
  readonly judge: Pick<Judge, "kind">;
}): Readonly<Record<string, string>> {
  return typeof declared === "string" ? { [partsOf(judge, source)[0]]: declared } : declared;
}
