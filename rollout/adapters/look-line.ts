import { canonicalJson, digestOf } from "../model/digest.ts";
import type { Look } from "../model/look.ts";
import { jsonOf } from "./json-text.ts";
import { lookSchema } from "./record-schema.ts";

/**
 * A look as a line of its series. Looks after the last verdict are named by no record, so each line bears its own
 * digest: a byte that changed on the disk is found. (Somebody who writes a new digest too is found only where a record
 * names the series.)
 */
export function lookLine(look: Look): string {
  return canonicalJson({ schemaVersion: 1, ...look, digest: digestOf(look) });
}

/** The look that a line holds; undefined when it is cut short or was changed: a lost look costs power, never validity. */
export function parseLookLine(line: string): Look | undefined {
  const parsed = lookSchema.safeParse(jsonOf(line));
  return parsed.success && lookLine(parsed.data) === line ? parsed.data : undefined;
}
