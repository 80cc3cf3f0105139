import type { DeviceInputs } from "./device-inputs.ts";
import type { DeviceAuthentication, DeviceSettings } from "./device-settings.ts";
import { authenticationOf, type RegistryDevice } from "./registry-identity.ts";
import type { DeviceTags } from "./twin-tags.ts";

/** What a stack's state keeps of a device identity. No key is among it, unless the stack asks for keys. */
export type DeviceState = DeviceTags & {
  readonly hostName: string;
  readonly deviceId: string;
  readonly authentication: DeviceAuthentication;
  readonly status: DeviceSettings["status"];
  readonly adoptExisting: boolean;
  readonly forceDelete: boolean;
  readonly exportKeys: boolean;
  /** Only with `exportKeys`; the resource marks them as secrets. */
  readonly primaryKey?: string;
  readonly secondaryKey?: string;
  /** It was there before the stack took it over. */
  readonly adopted: boolean;
  /** Tells two identities of one name apart. */
  readonly generationId: string;
};

/** Outputs that no input gives. */
const OUTPUTS_ONLY: readonly string[] = [
  "bucket",
  "adopted",
  "generationId",
  "primaryKey",
  "secondaryKey",
] satisfies (keyof DeviceState)[];

/** The state of an identity: what the hub says about it, and what the stack decided. */
export function stateOf(input: {
  readonly settings: Pick<
    DeviceInputs,
    "hostName" | "deviceId" | "adoptExisting" | "forceDelete" | "exportKeys"
  >;
  readonly device: RegistryDevice;
  readonly tags: DeviceTags;
  readonly adopted: boolean;
}): DeviceState {
  const { settings, device, tags, adopted } = input;
  const { hostName, deviceId, adoptExisting, forceDelete, exportKeys } = settings;
  const { primaryKey, secondaryKey } = (exportKeys && device.authentication?.symmetricKey) || {};
  return {
    hostName,
    deviceId,
    ...tags,
    authentication: authenticationOf(device),
    status: device.status ?? "enabled",
    adoptExisting,
    forceDelete,
    exportKeys,
    ...(primaryKey ? { primaryKey } : {}),
    ...(secondaryKey ? { secondaryKey } : {}),
    adopted,
    generationId: device.generationId ?? "",
  };
}

/** The inputs that would give this state, for a refresh. */
export function inputsOfState(state: DeviceState): Record<string, unknown> {
  return Object.fromEntries(Object.entries(state).filter(([key]) => !OUTPUTS_ONLY.includes(key)));
}
