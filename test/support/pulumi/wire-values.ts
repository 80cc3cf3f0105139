import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";

/** Properties as they go over the wire between program, engine and providers. */
export type Values = Record<string, JavaScriptValue>;

/** Key that marks a value as something else than it seems [pulumi: sdk/nodejs/runtime/rpc.ts, specialSigKey]. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** [pulumi: sdk/nodejs/runtime/rpc.ts, specialSecretSig] */
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
/** What stands for a value that a preview cannot know [pulumi: sdk/nodejs/runtime/rpc.ts, unknownValue]. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The value, marked as a secret. */
export function secret(value: JavaScriptValue): JavaScriptValue {
  return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** Whether a value is marked as a secret. */
export function isSecret(
  value: JavaScriptValue | undefined,
): value is { readonly value: JavaScriptValue } & Values {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Everything in plain sight, as a provider that does not accept secrets is given it. */
function revealed(value: JavaScriptValue): JavaScriptValue {
  if (isSecret(value)) return revealed(value.value);
  return mapped(value, revealed);
}

/** What a person may read of it: secrets are `[secret]`, as Pulumi prints them. */
function printed(value: JavaScriptValue): JavaScriptValue {
  if (isSecret(value)) return "[secret]";
  return mapped(value, printed);
}

/** Whether something in it is a secret. */
export function hasSecret(value: JavaScriptValue): boolean {
  return JSON.stringify(printed(value)) !== JSON.stringify(value);
}

/** All members of an object, revealed. */
export function revealedAll(values: Values): Values {
  return mappedAll(values, revealed);
}

/** All members of an object, as printed. */
export function printedAll(values: Values): Values {
  return mappedAll(values, printed);
}

function mapped(value: JavaScriptValue, map: (inner: JavaScriptValue) => JavaScriptValue): JavaScriptValue {
  if (Array.isArray(value)) return value.map(map);
  return isObject(value) ? mappedAll(value, map) : value;
}

function mappedAll(values: Values, map: (inner: JavaScriptValue) => JavaScriptValue): Values {
  return Object.fromEntries(Object.entries(values).map(([key, inner]) => [key, map(inner)]));
}

function isObject(value: JavaScriptValue | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
