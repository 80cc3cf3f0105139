import { formatCount } from "./figure.ts";

/** What was typed behind the area is not what it takes; its message says what is. */
export class UsageError extends Error {}

/** A whole number that was typed; `what` says which it is. */
export function countFrom(text: string, what: string, least = 1): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= least) return count;
  throw new UsageError(
    `${JSON.stringify(text)} cannot be the ${what}: that is a whole number from ${formatCount(least)} on`,
  );
}
