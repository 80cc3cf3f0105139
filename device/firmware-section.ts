import type { FirmwareReported } from "../rollout/model/twin-contract.ts";
import { ACCESS_SECTION, FIRMWARE_SECTION } from "../rollout/model/twin-contract.ts";

/** The firmware section of desired or reported properties, whatever it is; absent when there is none. */
export function firmwareSection(properties: unknown): unknown {
  return fieldOf(properties, FIRMWARE_SECTION);
}

/** The section that gives keys to images, whatever it is; absent when there is none. */
export function accessSection(desired: unknown): unknown {
  return fieldOf(desired, ACCESS_SECTION);
}

/** The patch of reported properties that says how the firmware is. */
export function reportPatch(reported: FirmwareReported): object {
  // Null deletes: a mark of an earlier attempt must not stay beside this one.
  return { [FIRMWARE_SECTION]: { ...reported, recovered: reported.recovered ?? null } };
}

/** The version of a section of the twin, or of a patch to it; 0 when it states none. */
export function twinVersionOf(properties: unknown): number {
  const version = fieldOf(properties, "$version");
  return typeof version === "number" ? version : 0;
}

/** One name out of whatever a hub has sent. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
