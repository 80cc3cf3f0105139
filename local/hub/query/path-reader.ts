import { isJsonObject, ownValue, type JsonObject, type JsonValue } from "../json-value.ts";

/** Finds the JSON object of a row in which a path starts. */
type Start<Row> = (row: Row) => JsonValue | undefined;

/**
 * Compile the walk along a path of names. Written out for the usual lengths, since an evaluation makes millions. A
 * plain load is several times faster than hasOwn: only the names that every object inherits, such as constructor, are
 * asked for with care.
 */
export function readerAt<Row>(
  start: Start<Row>,
  names: readonly string[],
): (row: Row) => JsonValue | undefined {
  const [first, second, third] = names;
  if (first === undefined) return start;
  if (names.length > 3 || names.some((name) => name in Object.prototype)) return carefulReader(start, names);
  if (second === undefined) return (row) => load(start(row), first);
  if (third === undefined) return (row) => load(load(start(row), first), second);
  return (row) => load(load(load(start(row), first), second), third);
}

function load(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

function carefulReader<Row>(
  start: Start<Row>,
  names: readonly string[],
): (row: Row) => JsonValue | undefined {
  const get = names.some((name) => name in Object.prototype)
    ? ownValue
    : (object: JsonObject, name: string): JsonValue | undefined => object[name];
  return (row) => {
    let value = start(row);
    for (const name of names) {
      if (!isJsonObject(value)) return undefined;
      value = get(value, name);
    }
    return value;
  };
}
