import { membersOf, problemsOfSet } from "./device-set-settings.ts";
import type { NamedDeviceSet } from "./device-sets.ts";
import { contradictionIn, type DeviceSettings } from "./device-settings.ts";

/** Something wrong with what a stack declares of its devices, by place in its configuration. */
export interface DeviceProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const KEYS_REFUSED =
  "a device with a symmetric key needs allowDeviceKeys: true, or it could never connect; declare a certificate, or set it";

/** What is wrong across the devices and sets of one stack, before any of them is made. */
export function problemsOfDevices({
  devices,
  deviceSets,
  allowDeviceKeys,
}: {
  readonly devices: readonly DeviceSettings[];
  readonly deviceSets: readonly NamedDeviceSet[];
  readonly allowDeviceKeys: boolean;
}): readonly DeviceProblem[] {
  const problems: DeviceProblem[] = [];
  const places = new Map<string, string>();
  const claim = (deviceId: string, path: readonly (string | number)[]): void => {
    const before = places.get(deviceId);
    const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
    if (before === undefined) places.set(deviceId, place.slice(1));
    else
      problems.push({
        path,
        message: `${deviceId} occurs twice, first in ${before}: remove one`,
      });
  };
  for (const [index, device] of devices.entries()) {
    claim(device.deviceId, ["devices", index, "deviceId"]);
    if (device.authentication.type === "sas" && !allowDeviceKeys)
      problems.push({ path: ["devices", index, "authentication"], message: KEYS_REFUSED });
    const found = contradictionIn(device);
    if (found !== undefined) problems.push({ path: ["devices", index, found.key], message: found.message });
  }
  const names = new Set<string>();
  for (const [index, set] of deviceSets.entries()) {
    const place = ["deviceSets", index];
    if (names.has(set.name))
      problems.push({ path: [...place, "name"], message: `${set.name} occurs twice: name it otherwise` });
    names.add(set.name);
    const own = problemsOfSet(set);
    problems.push(...own.map(({ path, message }) => ({ path: [...place, ...path], message })));
    const inSet = new Set<string>();
    for (const [at, { deviceId }] of set.devices.entries()) {
      // Those that occur twice in the set were told above.
      if (!inSet.has(deviceId)) claim(deviceId, [...place, "devices", at, "deviceId"]);
      inSet.add(deviceId);
    }
    if (!allowDeviceKeys && membersOf(set).some(({ authentication }) => authentication.type === "sas"))
      problems.push({ path: [...place, "authentication"], message: KEYS_REFUSED });
  }
  return problems;
}
