import type { TwinWrite } from "./device-store.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
import { argumentInvalid } from "./service-error.ts";

/** What a caller writes into a twin; reported properties and identity fields are ignored [facts 2.3, G]. */
export function parseTwinWrite(body: JsonValue | undefined): TwinWrite {
  if (!isJsonObject(body))
    throw argumentInvalid("A twin is written by a JSON object with tags, properties.desired or both");
  const properties = part(body, "properties");
  const tags = part(body, "tags");
  const desired = properties === undefined ? undefined : part(properties, "desired");
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(desired === undefined ? {} : { desired: withoutSystemMembers(desired) }),
  };
}

/** A section without the members that the hub adds: callers send it back as they read it. */
export function withoutSystemMembers(section: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(section).filter(([name]) => name !== "$metadata" && name !== "$version"),
  );
}

function part(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  if (!isJsonObject(value))
    throw argumentInvalid(`${name} is ${JSON.stringify(value).slice(0, 40)}, an object is needed`);
  return value;
}
