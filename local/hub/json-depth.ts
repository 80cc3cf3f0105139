import type { JsonValue } from "./json-value.ts";

/** Deeper than any service document: a twin has 10 levels below its section [facts 2.5]. */
export const MAX_JSON_DEPTH = 64;

/** Level by level and not by recursion: what JSON.parse takes, JSON.stringify may run out of stack on. */
export function isDeeperThan(value: JsonValue, limit: number): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}
