import { OTHER } from "../model/stratum-counts.ts";
import { TAG } from "../model/twin-contract.ts";
import { isQuotable, quoted } from "./quoted-text.ts";

/**
 * Condition of one stratum as the counts name it; undefined for a name that no target condition can hold. Counts turn
 * numbers and booleans into text, so a name that reads as one means both.
 */
export function stratumCondition(stratum: string): string | undefined {
  if (stratum === "" || !isQuotable(stratum)) return undefined;
  const text = `${TAG.stratum} = ${quoted(stratum)}`;
  if (stratum === OTHER) return `(NOT IS_DEFINED(${TAG.stratum}) OR ${text})`;
  const isNumber = /^-?\d/.test(stratum) && String(Number(stratum)) === stratum;
  const isBoolean = stratum === "true" || stratum === "false";
  return isNumber || isBoolean ? `(${text} OR ${TAG.stratum} = ${stratum})` : text;
}
