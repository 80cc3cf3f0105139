import { ALL_STRATA } from "../../model/metric.ts";
import type { MetricAnswer, MetricRequest } from "../../model/question.ts";
import { SourceFailure } from "../source-failure.ts";

/** Most strata of an answer: more are a query that groups by something else. */
const MOST_STRATA = 1_000;

/**
 * Rows of an answer, by stratum. No rows are no data, and so is a number that is none (NaN, an infinity): a ratio of
 * nothing. One of those among others makes all of them no data, so that no stratum passes by being left out.
 */
export function answerOf(
  rows: readonly (readonly [stratum: string, value: unknown])[],
  wants: MetricRequest["wants"],
): MetricAnswer {
  if (rows.length > MOST_STRATA) throw malformed(`${rows.length} rows, where one a stratum is meant`);
  const byStratum = new Map<string, number>();
  for (const [stratum, value] of rows) {
    if (byStratum.has(stratum)) throw malformed(`two rows for ${nameOf(stratum)}: add them up in the query`);
    const number = numberOf(value, wants);
    if (number === undefined) throw malformed(`a value of ${nameOf(stratum)} that is no number`);
    if (!Number.isFinite(number)) return { state: "no data" };
    // No JSON object can hold a stratum of that name.
    byStratum.set(stratum === "" || stratum === "__proto__" ? "other" : stratum, number);
  }
  return byStratum.size === 0
    ? { state: "no data" }
    : { state: "measured", byStratum: Object.fromEntries(byStratum) };
}

/** A JSON value as rows: one number for all, or an object of numbers by stratum; null is no data. */
export function answerOfJson(value: unknown, wants: MetricRequest["wants"]): MetricAnswer {
  if (value === null || value === undefined) return { state: "no data" };
  if (Array.isArray(value)) throw malformed("a list, where a number or an object of numbers is meant");
  if (typeof value === "object") return answerOf(Object.entries(value), wants);
  return answerOf([[ALL_STRATA, value]], wants);
}

/** Parse a text as JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw malformed("it is no JSON");
  }
}

/** An answer that is not of the form it has to have. */
export function malformed(what: string): SourceFailure {
  return new SourceFailure("malformed", `an answer that cannot be read: ${what}`);
}

/** Numbers as JSON and Prometheus write them; instants as epoch seconds or ISO 8601. */
function numberOf(value: unknown, wants: MetricRequest["wants"]): number | undefined {
  if (value === null) return NaN;
  if (typeof value === "number") return value;
  if (value instanceof Date) return wants === "instant" ? value.getTime() / 1_000 : undefined;
  if (typeof value !== "string") return undefined;
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value)) return Number(value);
  if (/^(NaN|[+-]?Inf(inity)?)$/.test(value)) return NaN;
  if (wants !== "instant" || !/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms / 1_000;
}

function nameOf(stratum: string): string {
  return stratum === ALL_STRATA ? "all devices" : `stratum ${stratum.slice(0, 40)}`;
}
