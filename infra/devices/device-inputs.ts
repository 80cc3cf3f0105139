import { z } from "zod";
import { deviceSettingsSchema } from "./device-settings.ts";

/** Inputs of the `DeviceIdentity` resource, checked: the declared settings and the hub they belong to. */
export type DeviceInputs = z.output<typeof deviceInputsSchema>;

/** What an input's problem is, as Pulumi shows it. */
export interface InputFailure {
  readonly property: string;
  readonly reason: string;
}

/** Key that Pulumi keeps the provider's text under, beside the inputs and outputs of every dynamic resource. */
export const PROVIDER_KEY = "__provider";

/** What stands for a value that a preview cannot know yet [pulumi: sdk/nodejs/runtime/rpc.ts, unknownValue]. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const deviceInputsSchema = deviceSettingsSchema.extend({
  hostName: z
    .string()
    .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?$/, "a host name such as NAME.azure-devices.net"),
});

/**
 * Check the inputs and write them in their normal form. What a preview does not know yet passes, the inputs then stay
 * as they are: Pulumi checks again when it knows.
 */
export function checkInputs(inputs: Readonly<Record<string, unknown>>): {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly failures: readonly InputFailure[];
} {
  const own = withoutProvider(inputs);
  const parsed = deviceInputsSchema.safeParse(own);
  if (parsed.success) return { inputs: parsed.data, failures: [] };
  const failures = parsed.error.issues
    .filter(({ path }) => !isUnknownAt(own, path))
    .map((issue) => ({ property: issue.path.join("."), reason: issue.message }));
  return { inputs: own, failures };
}

/** The inputs of a resource that is to be made or changed, where everything is known. */
export function parseInputs(inputs: Readonly<Record<string, unknown>>): DeviceInputs {
  const parsed = deviceInputsSchema.safeParse(withoutProvider(inputs));
  if (parsed.success) return parsed.data;
  throw new Error(
    `the inputs of a DeviceIdentity are malformed: ${z.prettifyError(parsed.error)}; correct them and run Pulumi again`,
  );
}

function withoutProvider(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== PROVIDER_KEY));
}

/** Whether the value at a path, or one that it would stand in, is not known yet. */
function isUnknownAt(value: unknown, path: readonly PropertyKey[]): boolean {
  if (value === UNKNOWN) return true;
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== "object" || value === null) return false;
  return isUnknownAt(Reflect.get(value, key), rest);
}
