import type { HubClock } from "./clock.ts";
import { captureDevices } from "./device-capture.ts";
import {
  deviceFromStored,
  layeringFromStored,
  storedDevice,
  storedLayering,
  type ChangeEntry,
  type DeviceEntry,
  type IdentityChange,
  type TwinWrite,
} from "./device-entry.ts";
import {
  checkOutcome,
  checkTwinWrite,
  identityOutcome,
  layerOutcome,
  reportOutcome,
  twinOutcome,
  type Outcome,
} from "./device-outcome.ts";
import { checkRegistration } from "./device-registration.ts";
import { createDeviceRecords, type SeenRecords } from "./device-records.ts";
import { deviceKey, type DeviceTable } from "./device-table.ts";
import { registeredDevice, type Device, type NewDevice } from "./device.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { JsonObject } from "./json-value.ts";
import type { Layering } from "./layering.ts";
import { checkTwinDocument } from "./twin-limits.ts";
import { TWIN_PART } from "./twin-part.ts";

export type { TwinWrite } from "./device-entry.ts";

/** Who wants to know what happened to devices and modules; called in the order of the writes. */
export interface DeviceObserver {
  /** Desired properties were written: what the writer sent, with the new `$version` in the record. */
  readonly desiredChanged: (device: Device, patch: JsonObject) => void;
  /** The device or module was disabled or deleted: it may not stay connected. */
  readonly accessRevoked: (key: string) => void;
}

/** What an evaluation decided for one device: who holds it now, and what that makes of its desired properties. */
export interface LayerChange {
  readonly device: Device;
  readonly layering: Layering | undefined;
  /** The new value and the patch that leads to it; absent when nothing changes. */
  readonly desired?: { readonly value: JsonObject; readonly patch: JsonObject } | undefined;
}

/**
 * All devices and modules of a hub, and the only way to change them. A key is a device id, or `device/module`; what
 * takes a key does to a module what it does to a device.
 */
export interface DeviceStore {
  readonly size: () => number;
  /** Devices, in the order of registration. */
  readonly all: () => Iterable<Device>;
  /** The modules of one device. */
  readonly modulesOf: (deviceId: string) => readonly Device[];
  readonly devices: Pick<DeviceTable, "slots" | "takeChanges">;
  readonly modules: Pick<DeviceTable, "slots" | "takeChanges">;
  /** Devices and modules in the order of registration as queries see them, `queryLagMs` behind. */
  readonly seen: SeenRecords;
  readonly find: (key: string) => Device | undefined;
  /** The device or module, or 404. */
  readonly get: (key: string) => Device;
  readonly register: (device: NewDevice) => Device;
  readonly changeIdentity: (key: string, change: IdentityChange) => Device;
  readonly remove: (key: string) => void;
  readonly mergeTwin: (key: string, write: TwinWrite) => Device;
  readonly replaceTwin: (key: string, write: TwinWrite) => Device;
  readonly mergeReported: (key: string, patch: JsonObject) => Device;
  /** The outcome of an evaluation, written down in one go; observers hear of it when all of it is done. */
  readonly layer: (changes: readonly LayerChange[]) => void;
  readonly setConnected: (key: string, connected: boolean) => void;
  readonly setMailCount: (key: string, count: number) => void;
  readonly touch: (key: string) => void;
  readonly observe: (observer: DeviceObserver) => void;
}

/** An empty store; `maxDevices` is the limit of the tier, on devices and modules together. */
export function createDeviceStore(options: {
  readonly clock: HubClock;
  readonly maxDevices: number;
  readonly queryLagMs?: number;
  /** Whether a report changes the etag of the twin; default false. */
  readonly reportedChangesEtag?: boolean;
  readonly journal?: Journal;
}): DeviceStore {
  const { clock, maxDevices, queryLagMs = 0, journal = createJournal() } = options;
  const reportMark = options.reportedChangesEtag === true ? { changesEtag: true } : {};
  const records = createDeviceRecords({ clock, queryLagMs });
  const { devices, modules, find, get, modulesOf, add, put, removeAll } = records;
  const layerings = new Map<string, Layering>();
  const observers: DeviceObserver[] = [];

  const outcomeOf = (device: Device, entry: ChangeEntry): Outcome => {
    switch (entry.op) {
      case "identity":
        return identityOutcome(device, entry);
      case "merge":
      case "replace":
        return twinOutcome(device, entry);
      case "report":
        return reportOutcome(device, entry);
      case "layer":
        return layerOutcome(device, entry, layerings.get(entry.signature ?? ""));
    }
  };

  const replay = (entry: DeviceEntry): void => {
    if (entry.op === "put") add(deviceFromStored(entry.device, (signature) => layerings.get(signature)));
    else if (entry.op === "remove") removeAll(get(entry.key));
    else if (entry.op === "layering")
      layerings.set(entry.layering.signature, layeringFromStored(entry.layering));
    else if (entry.op === "slots") {
      devices.clear(entry.devices);
      modules.clear(entry.modules);
    } else {
      const device = get(entry.key);
      put(device, outcomeOf(device, entry));
    }
  };
  // Entries are plain JSON by construction; they come back from a file that a hub of this version wrote.
  const scribe = journal.attach("devices", {
    replay: (entry) => {
      replay(entry as unknown as DeviceEntry);
    },
    capture: () => captureDevices(devices, modules) as Iterable<unknown> as Iterable<JsonObject>,
    clear: () => {
      records.clear();
      layerings.clear();
    },
  });
  const record = (entry: DeviceEntry): void => {
    scribe(entry as unknown as JsonObject);
  };
  /** Work out what an entry does, refuse it if that is too much, write it down, do it. */
  const commit = (entry: ChangeEntry): Device => {
    const device = get(entry.key);
    const outcome = outcomeOf(device, entry);
    checkOutcome(outcome);
    record(entry);
    return put(device, outcome);
  };
  const tellDesired = (device: Device, patch: JsonObject | undefined): Device => {
    if (patch !== undefined) for (const observer of observers) observer.desiredChanged(device, patch);
    return device;
  };
  const tellRevoked = (device: Device): void => {
    const key = deviceKey(device.deviceId, device.moduleId);
    for (const observer of observers) observer.accessRevoked(key);
  };

  return {
    size: devices.size,
    *all() {
      for (const device of devices.slots()) if (device !== undefined) yield device;
    },
    modulesOf,
    devices,
    modules,
    seen: records.seen,
    find,
    get,
    register: (device) => {
      const { deviceId, moduleId } = device;
      checkRegistration(device, {
        isTaken: find(deviceKey(deviceId, moduleId)) !== undefined,
        devices: devices.size() + modules.size(),
        maxDevices,
        modules: moduleId === undefined ? 0 : modulesOf(get(deviceId).deviceId).length,
      });
      const sequence = (moduleId === undefined ? devices : modules).nextSlot();
      const registered = registeredDevice(device, { sequence, at: clock.now() });
      record({ op: "put", device: storedDevice(registered) });
      return add(registered);
    },
    changeIdentity: (key, identity) => {
      const after = commit({ op: "identity", key, change: identity, at: clock.now() });
      if (after.status === "disabled") tellRevoked(after);
      return after;
    },
    remove: (key) => {
      const device = get(key);
      record({ op: "remove", key });
      removeAll(device).forEach(tellRevoked);
    },
    mergeTwin: (key, write) => {
      checkTwinWrite(write);
      return tellDesired(commit({ op: "merge", key, ...write, at: clock.now() }), write.desired);
    },
    replaceTwin: (key, { tags = {}, desired = {} }) => {
      checkTwinWrite({ tags, desired });
      return tellDesired(commit({ op: "replace", key, tags, desired, at: clock.now() }), desired);
    },
    mergeReported: (key, patch) => {
      checkTwinDocument(patch, "properties.reported");
      return commit({ op: "report", key, patch, ...reportMark, at: clock.now() });
    },
    layer: (changes) => {
      const at = clock.now();
      const entries = changes.map(({ device, layering, desired }) => ({
        op: "layer" as const,
        key: deviceKey(device.deviceId, device.moduleId),
        signature: layering?.signature ?? null,
        ...(desired && { patch: desired.patch }),
        at,
      }));
      const fresh = new Set(changes.flatMap(({ layering }) => layering ?? []));
      for (const layering of fresh)
        if (layerings.get(layering.signature) === layering) fresh.delete(layering);
      // All of it is written down before any of it is done: a full disk leaves the devices as they were.
      journal.batch(() => {
        for (const layering of fresh) record({ op: "layering", layering: storedLayering(layering) });
        entries.forEach(record);
      });
      for (const layering of fresh) layerings.set(layering.signature, layering);
      const after = changes.map(({ device, layering, desired }, index) => {
        const { changes: changed, parts } = layerOutcome(device, entries[index] ?? { at }, layering);
        // The value was computed once for all devices alike, which share it.
        const section = changed.desired &&
          desired && { desired: { ...changed.desired, value: desired.value } };
        return put(device, { changes: { ...changed, ...section }, parts });
      });
      for (const [index, device] of after.entries()) tellDesired(device, changes[index]?.desired?.patch);
    },
    setConnected: (key, connected) => {
      const device = find(key);
      const at = clock.now();
      if (device === undefined || device.connected === connected) return;
      const times = { connectionUpdatedAt: at, ...(connected ? { lastActivityAt: at } : {}) };
      put(device, { changes: { connected, ...times }, parts: TWIN_PART.system });
    },
    setMailCount: (key, mailCount) => {
      const device = find(key);
      if (device === undefined || device.mailCount === mailCount) return;
      put(device, { changes: { mailCount }, parts: TWIN_PART.system });
    },
    touch: (key) => {
      const device = find(key);
      if (device === undefined) return;
      put(device, { changes: { lastActivityAt: clock.now() }, parts: TWIN_PART.system });
    },
    observe: (observer) => {
      observers.push(observer);
    },
  };
}
