declare const attemptBrand: unique symbol;

/** Id of one try to roll a release out, and of its configuration: `fw--thermostat--2-1-0--1`. Never used twice. */
export type AttemptId = string & { readonly [attemptBrand]: true };

/** The id of an attempt. `.` is not in the alphabet of configuration ids and `-` separates: `.` → `-`, `-` → `_`. */
export function attemptId(product: string, version: string, attempt: number): AttemptId {
  return `fw--${product}--${version.replaceAll("-", "_").replaceAll(".", "-").toLowerCase()}--${attempt}` as AttemptId;
}

/** The product of an attempt: its name has no `--`. */
export function productOf(attempt: AttemptId): string {
  return attempt.split("--")[1] ?? "";
}

/** The number of an attempt, from 1. */
export function attemptNumber(attempt: AttemptId): number {
  return Number(attempt.slice(attempt.lastIndexOf("-") + 1));
}

/** An attempt id read from a hub; undefined when the text does not have the form. */
export function parseAttemptId(text: string | undefined): AttemptId | undefined {
  return text !== undefined && /^fw--[a-z0-9-]+--[a-z0-9_-]+--[1-9]\d*$/.test(text)
    ? (text as AttemptId)
    : undefined;
}

/** Id of a product's ref: the inert configuration that names the head record. */
export function refId(product: string): string {
  return `wg--${product}`;
}
