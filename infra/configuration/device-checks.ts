import type { ConfigurationValues } from "./schema.ts";

/** Something two or more keys say together that cannot be. */
export interface Contradiction {
  readonly path: readonly (string | number)[];
  readonly summary: string;
}

/** What declared devices contradict: each other, or the hub they are on. */
export function deviceContradictions(values: Partial<ConfigurationValues>): Contradiction[] {
  const { devices = [], allowDeviceKeys } = values;
  const ids = devices.map(({ deviceId }) => deviceId);
  return devices.flatMap(({ deviceId, authentication }, index): Contradiction[] => {
    const twice =
      ids.indexOf(deviceId) < index
        ? [{ path: ["devices", index, "deviceId"], summary: `${deviceId} occurs twice` }]
        : [];
    const summary = "a device with a symmetric key needs allowDeviceKeys: true, or it could never connect";
    return authentication.type === "sas" && allowDeviceKeys === false
      ? [...twice, { path: ["devices", index, "authentication"], summary }]
      : twice;
  });
}
