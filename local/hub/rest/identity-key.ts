import { deviceKey } from "../device-table.ts";
import type { ServiceCall } from "./service-call.ts";

/** The key of the device, or module, that an address names. */
export function keyFrom({ parameter }: Pick<ServiceCall, "parameter">): string {
  const moduleId = parameter("moduleId");
  return deviceKey(parameter("id"), moduleId === "" ? undefined : moduleId);
}
