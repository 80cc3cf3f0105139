/**
 * Data actions that each call of the hub's service client needs [IoT Hub: control access with Microsoft Entra ID].
 * The roles are made from these tables, so whoever adds a call adds a row: a test compares them with the source.
 */
const DEVICES = "Microsoft.Devices/IotHubs/devices";
const TWINS = "Microsoft.Devices/IotHubs/twins";
const CONFIGURATIONS = "Microsoft.Devices/IotHubs/configurations";
const GROUPS = "Microsoft.Devices/provisioningServices/enrollmentGroups";

/** Calls of the rollout: it reads and writes configurations and counts twins; it touches no device. */
export const ROLLOUT_CALLS = {
  getConfigurations: [`${CONFIGURATIONS}/read`],
  addConfiguration: [`${CONFIGURATIONS}/write`],
  updateConfiguration: [`${CONFIGURATIONS}/write`],
  createQuery: [`${TWINS}/read`],
} as const;

/** Calls of the device identities: they touch devices, and no configuration. */
export const DEVICE_CALLS = {
  get: [`${DEVICES}/read`],
  create: [`${DEVICES}/write`],
  update: [`${DEVICES}/write`],
  delete: [`${DEVICES}/delete`],
  // Whichever it does, a bulk call needs both.
  addDevices: [`${DEVICES}/write`, `${DEVICES}/delete`],
  updateDevices: [`${DEVICES}/write`, `${DEVICES}/delete`],
  removeDevices: [`${DEVICES}/write`, `${DEVICES}/delete`],
  getTwin: [`${TWINS}/read`],
  updateTwin: [`${TWINS}/write`],
} as const;

/** Calls of a plan that is shown and not applied: the rollout's, less every write. */
export const PREVIEW_CALLS = {
  getConfigurations: ROLLOUT_CALLS.getConfigurations,
  createQuery: ROLLOUT_CALLS.createQuery,
} as const;

/** Calls of the enrollment groups, of the service that provisions devices [DPS: control access with Microsoft Entra ID]. */
export const GROUP_CALLS = {
  get: [`${GROUPS}/read`],
  put: [`${GROUPS}/write`],
  delete: [`${GROUPS}/delete`],
} as const;

/** The data actions that a table's calls need, each once, in order. */
export function dataActionsOf(calls: Readonly<Record<string, readonly string[]>>): string[] {
  return [...new Set(Object.values(calls).flat())].sort();
}
