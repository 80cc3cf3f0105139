import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
import { argumentInvalid } from "./service-error.ts";

/** The most a part of a twin may hold, in bytes of keys and values [facts 2.5]. */
const TWIN_BYTES = { tags: 8 * 1024, desired: 32 * 1024, reported: 32 * 1024 } as const;

const MAX_DEPTH = 10;
const MAX_KEY_BYTES = 1024;
const MAX_VALUE_BYTES = 4 * 1024;
const MAX_INTEGER = 4_503_599_627_370_495;
const MIN_INTEGER = -4_503_599_627_370_496;
const FORBIDDEN_IN_KEY = /[\u0000-\u001f\u007f-\u009f.$ ]/u;

/** Refuse a document that a twin may not hold: key names, depth, integers, size of a value. */
export function checkTwinDocument(document: JsonObject, part: string): void {
  checkObject(document, { path: part, depth: 1 });
}

/** Refuse a part of a twin that has grown over its limit. */
export function checkTwinSize(value: JsonObject, part: keyof typeof TWIN_BYTES): void {
  const bytes = jsonBytes(value);
  if (bytes > TWIN_BYTES[part]) {
    throw argumentInvalid(`${part} would take ${bytes} bytes, the limit is ${TWIN_BYTES[part]}`);
  }
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

function checkObject(object: JsonObject, { path, depth }: Place): void {
  if (depth > MAX_DEPTH) throw argumentInvalid(`${path} is nested deeper than ${MAX_DEPTH} levels`);
  for (const [key, value] of Object.entries(object)) {
    if (key === "" || FORBIDDEN_IN_KEY.test(key) || Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw argumentInvalid(
        `${path} has the key ${JSON.stringify(key.slice(0, 40))}: keys take 1 to ${MAX_KEY_BYTES} bytes, without control characters, '.', '$' or space`,
      );
    }
    // Not a rule of Azure: such a key could reach an object's prototype.
    if (key === "__proto__")
      throw argumentInvalid(`${path} has the key __proto__, which the local hub refuses`);
    checkValue(value, { path: `${path}.${key}`, depth });
  }
}

function checkValue(value: JsonValue, { path, depth }: Place): void {
  if (isJsonObject(value)) {
    checkObject(value, { path, depth: depth + 1 });
  } else if (Array.isArray(value)) {
    if (depth + 1 > MAX_DEPTH) throw argumentInvalid(`${path} is nested deeper than ${MAX_DEPTH} levels`);
    for (const [index, item] of value.entries()) {
      // Array.isArray widens the items of a readonly array to any.
      checkValue(item as JsonValue, { path: `${path}[${index}]`, depth: depth + 1 });
    }
  } else if (typeof value === "string" && Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw argumentInvalid(
      `${path} takes ${Buffer.byteLength(value)} bytes, the limit of one value is ${MAX_VALUE_BYTES}`,
    );
  } else if (value === Infinity || value === -Infinity) {
    // JSON has no infinity; JSON.parse makes one of 1e999, and it would be stored as null.
    throw argumentInvalid(`${path} is a number too large to be kept`);
  } else if (
    typeof value === "number" &&
    Number.isInteger(value) &&
    (value > MAX_INTEGER || value < MIN_INTEGER)
  ) {
    throw argumentInvalid(`${path} is ${value}, integers lie between ${MIN_INTEGER} and ${MAX_INTEGER}`);
  }
}

/** UTF-8 length of keys and strings, 8 for a number, 4 for a boolean [facts 2.5]. */
function jsonBytes(value: JsonValue): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "number") return 8;
  if (typeof value === "boolean") return 4;
  if (value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]: [string, JsonValue]) =>
      sum + (Array.isArray(value) ? 0 : Buffer.byteLength(key)) + jsonBytes(item),
    0,
  );
}
