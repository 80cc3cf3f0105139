import { z } from "zod";
import type { InputFailure, Properties } from "./resource-life.ts";

/** Inputs in their normal form, or as they were given where something is wrong or not known yet. */
export interface CheckedInputs {
  readonly inputs: Properties;
  readonly failures: InputFailure[];
}

/** Key that Pulumi keeps the provider's text under, beside the inputs and outputs of every dynamic resource. */
export const PROVIDER_KEY = "__provider";

const BUCKET_REASON = "the bucket follows from the device id and is written by itself: remove it";

/** What stands for a value that a preview cannot know yet [pulumi: sdk/nodejs/runtime/rpc.ts, unknownValue]. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Whether a preview does not know a value yet. It may turn out to be the same, so it announces no replacement: a hub that
 * is updated in a preview has no known name, and would have each of its devices deleted and made again.
 */
export function isUnknown(value: unknown): boolean {
  return value === UNKNOWN;
}

/** Host name of a hub; a local one has a port. */
export const hostNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?$/, "a host name such as NAME.azure-devices.net");

/**
 * Check inputs and write them in their normal form. What a preview does not know yet passes, the inputs then stay as
 * they are: Pulumi checks again when it knows.
 */
export function checkBy(schema: z.ZodType<Properties>, inputs: Properties): CheckedInputs {
  const own = withoutProvider(inputs);
  const parsed = schema.safeParse(own);
  if (parsed.success) return { inputs: parsed.data, failures: [] };
  const failures = parsed.error.issues
    .filter(({ path }) => !isUnknownAt(own, path))
    .flatMap((issue) => failuresOf(issue));
  return { inputs: own, failures };
}

/** The inputs of a resource that is to be made or changed, where everything is known. */
export function parseBy<T>(schema: z.ZodType<T>, inputs: Properties, type: string): T {
  const parsed = schema.safeParse(withoutProvider(inputs));
  if (parsed.success) return parsed.data;
  throw new Error(
    `the inputs of this ${type} are malformed: ${z.prettifyError(parsed.error)}; correct them and run Pulumi again`,
  );
}

/** An input that is not known at all is told by its own name, not by that of what it stands in. */
function failuresOf(issue: z.core.$ZodIssue): InputFailure[] {
  const property = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [{ property, reason: issue.message }];
  return issue.keys.map((key) => ({
    property: property === "" ? key : `${property}.${key}`,
    reason: key === "bucket" ? BUCKET_REASON : "is no input known here: remove it, or correct its spelling",
  }));
}

function withoutProvider(inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== PROVIDER_KEY));
}

/** Whether the value at a path, or one that it would stand in, is not known yet. */
function isUnknownAt(value: unknown, path: readonly PropertyKey[]): boolean {
  if (isUnknown(value)) return true;
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return false;
  return isUnknownAt(Reflect.get(value, key), rest);
}
