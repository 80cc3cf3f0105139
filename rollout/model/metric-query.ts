import { closest } from "./schema-problems.ts";

/** What a metric's query may name in double braces, and what stands there when it is asked. */
export const PLACEHOLDERS = {
  attempt: "id of the attempt, which devices report as `rolloutId`",
  version: "version of the release",
  product: "name of the product",
  wave: "name of the widest wave that is open",
  since: "instant at which the attempt's configuration was created, ISO 8601",
  until: "instant of the look, ISO 8601",
  controlFrom: "first bucket of the hold-out",
  controlTo: "bucket after its last; where it is not above `controlFrom`, the window goes on around the end",
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

/** Placeholders that have a value only where a hold-out is declared. */
export const CONTROL_PLACEHOLDERS: readonly Placeholder[] = ["controlFrom", "controlTo"];

/** Names of waves that mean nothing inside the quotes of any query language. All other values do by their nature. */
export const PLAIN_WAVE_NAME = /^[A-Za-z0-9 _.:%+-]*$/;

const IN_BRACES = /\{\{([^{}]*)\}\}/g;

/** The names that a query has in double braces. */
export function placeholdersIn(query: string): readonly string[] {
  return [...query.matchAll(IN_BRACES)].map(([, name = ""]) => name.trim());
}

/** What is wrong with a name in double braces; undefined: nothing. */
export function placeholderFault(name: string): string | undefined {
  const known = Object.keys(PLACEHOLDERS);
  if (known.includes(name)) return undefined;
  const near = closest(name, known);
  return `{{${name}}} stands for nothing; ${near === undefined ? `there are ${known.join(", ")}` : `did you mean {{${near}}}?`}`;
}

/** A query with its values in place; `encode` makes a value fit the language around it. */
export function expandQuery(
  query: string,
  values: Readonly<Partial<Record<string, string>>>,
  encode: (value: string) => string = (value) => value,
): string {
  return query.replaceAll(IN_BRACES, (whole, name: string) => {
    const value = values[name.trim()];
    return value === undefined ? whole : encode(value);
  });
}
