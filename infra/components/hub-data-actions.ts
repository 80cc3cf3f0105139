/**
 * Data actions that each call of the hub's service client needs [IoT Hub: control access with Microsoft Entra ID].
 * The roles are made from these tables, so whoever adds a call adds a row: a test compares them with the source.
 */
const DEVICES = "Microsoft.Devices/IotHubs/devices";
const TWINS = "Microsoft.Devices/IotHubs/twins";
const JOBS = "Microsoft.Devices/IotHubs/jobs";
const CONFIGURATIONS = "Microsoft.Devices/IotHubs/configurations";
const GROUPS = "Microsoft.Devices/provisioningServices/enrollmentGroups";

/** Calls of the rollout: it reads and writes configurations and counts twins; it touches no device. */
export const ROLLOUT_CALLS = {
  getConfigurations: [`${CONFIGURATIONS}/read`],
  addConfiguration: [`${CONFIGURATIONS}/write`],
  updateConfiguration: [`${CONFIGURATIONS}/write`],
  // Retired ones, by their etag; the registry's own call, for the SDK's sends none.
  removeConfigurationIf: [`${CONFIGURATIONS}/delete`],
  createQuery: [`${TWINS}/read`],
} as const;

/** Calls of the device identities: they touch devices, and change no configuration. */
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

/**
 * Calls of `wavegate enroll`, by the same role: it writes one tag of a device, looks at configurations to see that no
 * wave is open, and tries an import on a device that it makes and removes.
 */
export const ENROLL_CALLS = {
  getConfigurations: [`${CONFIGURATIONS}/read`],
  createQuery: [`${TWINS}/read`],
  getTwin: [`${TWINS}/read`],
  updateTwin: [`${TWINS}/write`],
  create: [`${DEVICES}/write`],
  delete: [`${DEVICES}/delete`],
  listJobs: [`${JOBS}/read`],
  getJob: [`${JOBS}/read`],
  exportDevicesToBlob: [`${JOBS}/write`],
  importDevicesFromBlob: [`${JOBS}/write`],
} as const;

/** All calls of whoever has the role of the identities. */
export const IDENTITIES_CALLS = [DEVICE_CALLS, ENROLL_CALLS] as const;

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

/** The data actions that the calls of some tables need, each once, in order. */
export function dataActionsOf(...tables: readonly Readonly<Record<string, readonly string[]>>[]): string[] {
  return [...new Set(tables.flatMap((calls) => Object.values(calls).flat()))].sort();
}
