import { TAG } from "../model/twin-contract.ts";

/** Name under which devices without a stratum are counted. */
export const OTHER = "other";

// What target conditions take inside quotes; a quote within is doubled [IoTHub: target conditions].
const QUOTABLE = /^[A-Za-z0-9\-:.+%_#*?!(),=@;$']+$/;

/**
 * Condition of one stratum as the counts name it; undefined for a name that no target condition can hold. Counts turn
 * numbers and booleans into text, so a name that reads as one means both.
 */
export function stratumCondition(stratum: string): string | undefined {
  if (!QUOTABLE.test(stratum)) return undefined;
  const text = `${TAG.stratum} = ${quoted(stratum)}`;
  if (stratum === OTHER) return `(NOT IS_DEFINED(${TAG.stratum}) OR ${text})`;
  const isNumber = /^-?\d/.test(stratum) && String(Number(stratum)) === stratum;
  const isBoolean = stratum === "true" || stratum === "false";
  return isNumber || isBoolean ? `(${text} OR ${TAG.stratum} = ${stratum})` : text;
}

/** A text as a constant of a condition. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
