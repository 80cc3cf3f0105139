import { problemsOfDevices } from "../devices/declared-devices.ts";
import type { ConfigurationValues } from "./schema.ts";

/** Something two or more keys say together that cannot be. */
export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly summary: string;
}

/** What declared devices contradict: each other, or the hub they are on. */
export function deviceContradictions(values: Partial<ConfigurationValues>): Contradiction[] {
  // A wrong `allowDeviceKeys` is told by itself; it says nothing of the devices.
  const { devices = [], deviceSets = [], allowDeviceKeys = true } = values;
  return problemsOfDevices({ devices, deviceSets, allowDeviceKeys }).map(({ path, message }) => ({
    path,
    summary: message,
  }));
}
