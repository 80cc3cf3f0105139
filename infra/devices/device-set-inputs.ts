import { z } from "zod";
import { checkBy, hostNameSchema, parseBy, type CheckedInputs } from "./device-inputs.ts";
import { deviceSetShape, membersOf, problemsOfSet, type SetMember } from "./device-set-settings.ts";

/** Inputs of the `DeviceSet` resource, checked: its settings, and the hub they belong to. */
export type DeviceSetInputs = z.output<typeof deviceSetInputsSchema>;

const deviceSetInputsSchema = z
  .strictObject({
    ...deviceSetShape,
    hostName: hostNameSchema,
    /** Tells the sets of a hub apart. */
    setName: z.string().min(1),
    /** Of the hub: they decide how fast it takes calls, and nothing about the devices. */
    tier: z.enum(["F1", "S1", "S2", "S3"]).default("S1"),
    units: z.int().positive().default(1),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of problemsOfSet(settings))
      context.addIssue({ code: "custom", path: [...path], message });
  });

/** Check the inputs of a set. They stay as they were written: a thousand devices are not repeated in full. */
export function checkSetInputs(inputs: Readonly<Record<string, unknown>>): CheckedInputs {
  const { failures } = checkBy(deviceSetInputsSchema, inputs);
  return { inputs: { ...inputs }, failures };
}

/** The inputs of a set that is to be made or changed, where everything is known. */
export function parseSetInputs(inputs: Readonly<Record<string, unknown>>): {
  readonly settings: DeviceSetInputs;
  readonly members: readonly SetMember[];
} {
  const settings = parseBy(deviceSetInputsSchema, inputs, "DeviceSet");
  return { settings, members: membersOf(settings) };
}

/** The same, or nothing while a preview does not know them. */
export function findSetMembers(inputs: Readonly<Record<string, unknown>>): readonly SetMember[] | undefined {
  try {
    return parseSetInputs(inputs).members;
  } catch {
    return undefined;
  }
}
