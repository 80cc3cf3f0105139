import type { HubClock } from "./clock.ts";
import type { Outcome } from "./device-outcome.ts";
import { createDeviceTable, deviceKey, type DeviceTable } from "./device-table.ts";
import type { Device } from "./device.ts";
import { createLaggingView } from "./lagging-view.ts";
import { deviceNotFound, moduleNotFound } from "./service-error.ts";
import { EVERY_PART } from "./twin-part.ts";

/** The records of devices and modules, which belong to devices; knows no rules and writes nothing down. */
export interface DeviceRecords {
  readonly devices: DeviceTable;
  readonly modules: DeviceTable;
  readonly seen: SeenRecords;
  /** By device id, or `device/module`. */
  readonly find: (key: string) => Device | undefined;
  /** The same, or 404. */
  readonly get: (key: string) => Device;
  readonly modulesOf: (deviceId: string) => readonly Device[];
  readonly add: (device: Device) => Device;
  readonly put: (device: Device, outcome: Outcome) => Device;
  /** Returns all that is gone: of a device, its modules too. */
  readonly removeAll: (device: Device) => readonly Device[];
  readonly clear: () => void;
}

/** Devices and modules in the order of registration as queries see them, some time behind. */
export interface SeenRecords {
  readonly devices: () => Iterable<Device>;
  readonly modules: () => Iterable<Device>;
}

/** No records yet. */
export function createDeviceRecords(options: {
  readonly clock: HubClock;
  readonly queryLagMs: number;
}): DeviceRecords {
  const { clock, queryLagMs: lagMs } = options;
  const lagging = lagMs === 0 ? undefined : [0, 1].map(() => createLaggingView({ clock, lagMs }));
  const devices = createDeviceTable(lagging?.[0]?.note);
  const modules = createDeviceTable(lagging?.[1]?.note);
  const moduleKeys = new Map<string, Set<string>>();

  const tableOf = ({ moduleId }: Device): DeviceTable => (moduleId === undefined ? devices : modules);
  const find = (key: string): Device | undefined => (key.includes("/") ? modules : devices).find(key);
  const modulesOf = (deviceId: string): readonly Device[] =>
    [...(moduleKeys.get(deviceId) ?? [])].flatMap((key) => modules.find(key) ?? []);

  return {
    devices,
    modules,
    seen: {
      devices: () => presentIn((lagging?.[0] ?? devices).slots()),
      modules: () => presentIn((lagging?.[1] ?? modules).slots()),
    },
    find,
    get: (key) => {
      const device = find(key);
      if (device !== undefined) return device;
      const [deviceId = "", moduleId] = key.split("/");
      if (moduleId === undefined || devices.find(deviceId) === undefined) throw deviceNotFound(deviceId);
      throw moduleNotFound(deviceId, moduleId);
    },
    modulesOf,
    add: (device) => {
      tableOf(device).put(device, EVERY_PART);
      if (device.moduleId !== undefined) {
        const keys = moduleKeys.get(device.deviceId) ?? new Set();
        moduleKeys.set(device.deviceId, keys.add(deviceKey(device.deviceId, device.moduleId)));
      }
      return device;
    },
    put: (device, { changes, parts }) => {
      const changed = { ...device, ...changes };
      tableOf(device).put(changed, parts);
      return changed;
    },
    removeAll: (device) => {
      const gone = device.moduleId === undefined ? [...modulesOf(device.deviceId), device] : [device];
      for (const one of gone) tableOf(one).remove(one);
      if (device.moduleId === undefined) moduleKeys.delete(device.deviceId);
      else moduleKeys.get(device.deviceId)?.delete(deviceKey(device.deviceId, device.moduleId));
      return gone;
    },
    clear: () => {
      for (const table of [devices, modules]) table.clear(1);
      for (const view of lagging ?? []) view.clear();
      moduleKeys.clear();
    },
  };
}

function* presentIn(slots: readonly (Device | undefined)[]): Generator<Device> {
  for (const device of slots) if (device !== undefined) yield device;
}
