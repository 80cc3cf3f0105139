import { isAborted, type Intent } from "../model/record.ts";

/**
 * The condition that a record wants on the hub; undefined for what keeps whatever is found: releases that are held, halted,
 * superseded or settled may only shrink, and an adopted baseline is widened by stops alone.
 */
export function intendedCondition(intent: Intent): string | undefined {
  switch (intent.state) {
    case "held":
    case "halted":
    case "superseded":
    case "settled":
    case "adopted":
      return undefined;
    case "retired":
      return "";
    default:
      return isAborted(intent) ? "" : intent.condition;
  }
}
