import { z } from "zod";
import { HUB_TIERS } from "../hub-tier.ts";
import { deviceSetShape, membersOf, problemsOfSet, type SetMember } from "./device-set-settings.ts";
import { checkBy, hostNameSchema, parseBy, type CheckedInputs } from "./resource-inputs.ts";
import type { Properties } from "./resource-life.ts";

/** Inputs of the `DeviceSet` resource, checked: its settings, and the hub they belong to. */
export type DeviceSetInputs = z.output<typeof deviceSetInputsSchema>;

const deviceSetInputsSchema = z
  .strictObject({
    ...deviceSetShape,
    hostName: hostNameSchema,
    /** Tells the sets of a hub apart. */
    setName: z.string().min(1),
    /** Of the hub: they decide how fast it takes calls, and nothing about the devices. */
    tier: z.enum(HUB_TIERS).default("S1"),
    units: z.int().positive().default(1),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of problemsOfSet(settings))
      context.addIssue({ code: "custom", path: [...path], message });
  });

/** Check the inputs of a set. They stay as they were written: a thousand devices are not repeated in full. */
export function checkSetInputs(inputs: Properties): CheckedInputs {
  const { failures } = checkBy(deviceSetInputsSchema, inputs);
  return { inputs: { ...inputs }, failures };
}

/** The inputs of a set that is to be made or changed, where everything is known. */
export function parseSetInputs(inputs: Properties): {
  readonly settings: DeviceSetInputs;
  readonly members: readonly SetMember[];
} {
  const settings = parseBy(deviceSetInputsSchema, inputs, "DeviceSet");
  return { settings, members: membersOf(settings) };
}

/** The same, or nothing while a preview does not know them. */
export function findSetMembers(inputs: Properties): readonly SetMember[] | undefined {
  try {
    return parseSetInputs(inputs).members;
  } catch {
    return undefined;
  }
}
