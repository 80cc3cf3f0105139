import { storedDevice, storedLayering, type DeviceEntry } from "./device-entry.ts";
import type { DeviceTable } from "./device-table.ts";
import type { Device } from "./device.ts";
import type { Layering } from "./layering.ts";

/**
 * Entries that lead to all devices and modules from nothing. Taken at once, so that later writes do not show in them
 * (records are never changed in place); made as they are asked for.
 */
export function captureDevices(devices: DeviceTable, modules: DeviceTable): Iterable<DeviceEntry> {
  const slots = { op: "slots", devices: devices.nextSlot(), modules: modules.nextSlot() } as const;
  const records = [...devices.slots(), ...modules.slots()];
  return entriesOf(slots, records);
}

function* entriesOf(first: DeviceEntry, records: readonly (Device | undefined)[]): Generator<DeviceEntry> {
  yield first;
  const known = new Set<Layering>();
  for (const device of records) {
    if (device === undefined) continue;
    const { layering } = device;
    if (layering !== undefined && !known.has(layering)) {
      known.add(layering);
      yield { op: "layering", layering: storedLayering(layering) };
    }
    yield { op: "put", device: storedDevice(device) };
  }
}
