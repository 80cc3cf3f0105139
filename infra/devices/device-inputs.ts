import type { z } from "zod";
import { contradictionIn, deviceSettingsSchema } from "./device-settings.ts";
import { checkBy, hostNameSchema, parseBy, type CheckedInputs } from "./resource-inputs.ts";
import type { Properties } from "./resource-life.ts";

/** Inputs of the `DeviceIdentity` resource, checked: the declared settings and the hub they belong to. */
export type DeviceInputs = z.output<typeof deviceInputsSchema>;

const deviceInputsSchema = deviceSettingsSchema
  .extend({ hostName: hostNameSchema })
  .superRefine((settings, context) => {
    const found = contradictionIn(settings);
    if (found !== undefined) context.addIssue({ code: "custom", path: [found.key], message: found.message });
  });

/** Check the inputs of a device identity. */
export function checkDeviceInputs(inputs: Properties): CheckedInputs {
  return checkBy(deviceInputsSchema, inputs);
}

/** The inputs of a device identity that is to be made or changed, where everything is known. */
export function parseDeviceInputs(inputs: Properties): DeviceInputs {
  return parseBy(deviceInputsSchema, inputs, "DeviceIdentity");
}
