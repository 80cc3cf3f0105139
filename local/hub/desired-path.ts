import { isDeepStrictEqual } from "node:util";
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from "./json-value.ts";

/** A place under `properties.desired`, as property names from the top. */
export type DesiredPath = readonly string[];

/** Whether `path` is at or under `top`. */
export function isWithin(path: DesiredPath, top: DesiredPath): boolean {
  return top.length <= path.length && top.every((name, index) => name === path[index]);
}

/** The document with the value at the path replaced; null takes the property away. */
export function assignAt(document: JsonObject, path: DesiredPath, value: JsonValue): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return isJsonObject(value) ? value : {};
  if (rest.length === 0 && value === null) {
    return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));
  }
  const below = ownValue(document, name);
  // Nothing is made on the way to something that is to be taken away.
  if (value === null && !isJsonObject(below)) return document;
  return {
    ...document,
    [name]: rest.length === 0 ? value : assignAt(isJsonObject(below) ? below : {}, rest, value),
  };
}

/** The document with the value merged into what is at the path: objects property by property, anything else replaced. */
export function mergeAt(document: JsonObject, path: DesiredPath, value: JsonValue): JsonObject {
  return leafPaths(value, path).reduce(
    (merged, leaf) => assignAt(merged, leaf, valueAt(value, leaf.slice(path.length))),
    document,
  );
}

/** What is at a path below a value; null where there is nothing. */
export function valueAt(value: JsonValue, path: DesiredPath): JsonValue {
  let found: JsonValue | undefined = value;
  for (const name of path) found = isJsonObject(found) ? ownValue(found, name) : undefined;
  return found ?? null; // a value that was taken away reads as null
}

/** The merge patch that turns one document into the other; undefined when they are equal. */
export function patchBetween(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch: Record<string, JsonValue> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = ownValue(before, key);
    if (old === value) continue;
    const change = isJsonObject(old) && isJsonObject(value) ? patchBetween(old, value) : value;
    if (change !== undefined && !isDeepStrictEqual(old, value)) patch[key] = change;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** The value without the null members of its objects: what is left of it once it is in a twin. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

/** The paths of all leaves at or under a path; an empty object is a leaf. */
export function leafPaths(value: JsonValue, path: DesiredPath): DesiredPath[] {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([key, item]) => leafPaths(item, [...path, key]));
}
