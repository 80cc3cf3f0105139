import { expect } from "vitest";

// What differs from run to run in a document that is compared as a whole. vitest types its matchers as any.

/** An instant as the service writes it; never is the year 1. */
export const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z?$/u) as string;
/** The same of a configuration: seven fractional digits at most [facts 1.1, C]. */
export const PRECISE_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z$/u) as string;
/** An instant that has not been yet. */
export const NEVER = expect.stringMatching(/^0001-01-01T00:00:00Z?$/u) as string;
/** An etag as documents have it: base64, without quotes. */
export const ETAG = expect.stringMatching(/^[A-Za-z0-9+/]+=*$/u) as string;
/** A symmetric key. */
export const KEY = expect.stringMatching(/^[A-Za-z0-9+/]{22,}={0,2}$/u) as string;
/** Any text that is not empty. */
export const TEXT = expect.stringMatching(/./u) as string;
/** Any number. */
export const NUMBER = expect.any(Number) as number;

const SOMETIMES = ["deviceScope", "parentScopes", "parentScope"];

/** A document without the fields that only devices of a scope have, and without a reason that is null [facts 2.1, 2.4]. */
export function common(document: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(document).filter(
      ([name, value]) => !SOMETIMES.includes(name) && !(name === "statusReason" && value === null),
    ),
  );
}
