import { deviceKey } from "../device-table.ts";
import { deviceNotFound, moduleNotFound } from "../service-error.ts";
import type { ServiceCall } from "./service-call.ts";

/**
 * The key of the device, or module, that an address names. No id has a slash; one that came percent-encoded must not
 * make the id of a device into the key of a module.
 */
export function keyFrom({ parameter }: Pick<ServiceCall, "parameter">): string {
  const [deviceId, moduleId] = [parameter("id"), parameter("moduleId")];
  if (deviceId.includes("/")) throw deviceNotFound(deviceId);
  if (moduleId.includes("/")) throw moduleNotFound(deviceId, moduleId);
  return deviceKey(deviceId, moduleId === "" ? undefined : moduleId);
}
