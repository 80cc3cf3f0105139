import type { HubClock } from "./clock.ts";
import { registeredDevice, type Device, type NewDevice } from "./device.ts";
import type { JsonObject } from "./json-value.ts";
import type { Layering } from "./layering.ts";
import { argumentInvalid, deviceNotFound, ServiceError } from "./service-error.ts";
import { checkTwinDocument, checkTwinSize } from "./twin-limits.ts";
import { mergeSection, mergeValues, replaceSection } from "./twin-section.ts";

/** Who wants to know what happened to devices; called in the order of the writes. */
export interface DeviceObserver {
  /** Desired properties were written: what the writer sent, with the new `$version` in the record. */
  readonly desiredChanged: (device: Device, patch: JsonObject) => void;
  /** The device was disabled or deleted: it may not stay connected. */
  readonly accessRevoked: (deviceId: string) => void;
}

/** Parts of a twin the service side writes; absent parts stay as they are. */
export interface TwinWrite {
  readonly tags?: JsonObject;
  readonly desired?: JsonObject;
}

/** What may change about an identity. */
export type IdentityChange = Pick<
  Device,
  "authentication" | "primaryKey" | "secondaryKey" | "status" | "statusReason"
>;

/** All devices of a hub, and the only way to change them. */
export interface DeviceStore {
  readonly size: () => number;
  /** In the order of registration. */
  readonly all: () => Iterable<Device>;
  readonly find: (deviceId: string) => Device | undefined;
  /** The device, or 404 DeviceNotFound. */
  readonly get: (deviceId: string) => Device;
  readonly register: (device: NewDevice) => Device;
  readonly changeIdentity: (deviceId: string, change: IdentityChange) => Device;
  readonly remove: (deviceId: string) => void;
  readonly mergeTwin: (deviceId: string, write: TwinWrite) => Device;
  readonly replaceTwin: (deviceId: string, write: TwinWrite) => Device;
  readonly mergeReported: (deviceId: string, patch: JsonObject) => Device;
  /** The outcome of an evaluation: who holds the device now, and what that changes in its desired properties. */
  readonly layer: (deviceId: string, layering: Layering | undefined, patch: JsonObject | undefined) => void;
  readonly setConnected: (deviceId: string, connected: boolean) => void;
  readonly touch: (deviceId: string) => void;
  readonly observe: (observer: DeviceObserver) => void;
}

/** Registrable ids [facts 2.4]. */
const DEVICE_ID = /^[A-Za-z0-9\-.+%_#*?!(),=@$':]{1,128}$/u;

/** An empty store; `maxDevices` is the limit of the tier. */
export function createDeviceStore({
  clock,
  maxDevices,
}: {
  clock: HubClock;
  maxDevices: number;
}): DeviceStore {
  const devices = new Map<string, Device>();
  const observers: DeviceObserver[] = [];
  let registrations = 0;

  const get = (deviceId: string): Device => {
    const device = devices.get(deviceId);
    if (device === undefined) throw deviceNotFound(deviceId);
    return device;
  };
  const change = (device: Device, changes: Partial<Device>): Device => {
    const changed = { ...device, ...changes };
    devices.set(device.deviceId, changed);
    return changed;
  };
  const writeTwin = (device: Device, parts: Pick<Partial<Device>, "tags" | "desired" | "layering">): Device =>
    change(device, { ...parts, twinWrites: device.twinWrites + 1, version: device.version + 1 });
  const tellDesired = (device: Device, patch: JsonObject | undefined): Device => {
    if (patch !== undefined) for (const observer of observers) observer.desiredChanged(device, patch);
    return device;
  };

  return {
    size: () => devices.size,
    all: () => devices.values(),
    find: (deviceId) => devices.get(deviceId),
    get,
    register: (device) => {
      if (!DEVICE_ID.test(device.deviceId)) {
        throw argumentInvalid(
          `The device id ${JSON.stringify(device.deviceId.slice(0, 140))} is not 1 to 128 characters of A-Z a-z 0-9 and - . + % _ # * ? ! ( ) , = @ $ ' :`,
        );
      }
      if (devices.has(device.deviceId)) {
        throw new ServiceError(409, "DeviceAlreadyExists", {
          message: `A device with ID '${device.deviceId}' is already registered`,
        });
      }
      if (devices.size >= maxDevices) {
        throw new ServiceError(413, "TooManyDevices", {
          message: `The hub holds ${maxDevices} devices, its limit: remove some first`,
        });
      }
      if (device.tags !== undefined) mergedTags({}, device.tags);
      const registered = registeredDevice(device, { sequence: ++registrations, at: clock.now() });
      devices.set(device.deviceId, registered);
      return registered;
    },
    changeIdentity: (deviceId, identity) => {
      const before = get(deviceId);
      const statusUpdatedAt = identity.status === before.status ? before.statusUpdatedAt : clock.now();
      const after = change(before, {
        ...identity,
        statusUpdatedAt,
        identityWrites: before.identityWrites + 1,
      });
      if (after.status === "disabled") for (const observer of observers) observer.accessRevoked(deviceId);
      return after;
    },
    remove: (deviceId) => {
      get(deviceId);
      devices.delete(deviceId);
      for (const observer of observers) observer.accessRevoked(deviceId);
    },
    mergeTwin: (deviceId, { tags, desired }) => {
      const device = get(deviceId);
      const at = clock.now();
      const next: { tags?: JsonObject; desired?: Device["desired"] } = {};
      if (tags !== undefined) next.tags = mergedTags(device.tags ?? {}, tags);
      if (desired !== undefined) {
        checkTwinDocument(desired, "properties.desired");
        next.desired = mergeSection(device.desired, desired, at);
        checkTwinSize(next.desired.value, "desired");
      }
      return tellDesired(writeTwin(device, next), desired);
    },
    replaceTwin: (deviceId, { tags = {}, desired = {} }) => {
      const device = get(deviceId);
      checkTwinDocument(desired, "properties.desired");
      const next = {
        tags: mergedTags({}, tags),
        desired: replaceSection(device.desired, desired, clock.now()),
      };
      checkTwinSize(next.desired.value, "desired");
      return tellDesired(writeTwin(device, next), desired);
    },
    mergeReported: (deviceId, patch) => {
      const device = get(deviceId);
      checkTwinDocument(patch, "properties.reported");
      const reported = mergeSection(device.reported, patch, clock.now());
      checkTwinSize(reported.value, "reported");
      return change(device, { reported, version: device.version + 1 });
    },
    layer: (deviceId, layering, patch) => {
      const device = get(deviceId);
      if (patch === undefined) {
        change(device, { layering });
      } else {
        const desired = mergeSection(device.desired, patch, clock.now());
        tellDesired(writeTwin(device, { layering, desired }), patch);
      }
    },
    setConnected: (deviceId, connected) => {
      const device = devices.get(deviceId);
      const at = clock.now();
      if (device === undefined || device.connected === connected) return;
      change(device, { connected, connectionUpdatedAt: at, ...(connected ? { lastActivityAt: at } : {}) });
    },
    touch: (deviceId) => {
      const device = devices.get(deviceId);
      if (device !== undefined) change(device, { lastActivityAt: clock.now() });
    },
    observe: (observer) => {
      observers.push(observer);
    },
  };
}

function mergedTags(before: JsonObject, patch: JsonObject): JsonObject {
  checkTwinDocument(patch, "tags");
  const tags = mergeValues(before, patch);
  checkTwinSize(tags, "tags");
  return tags;
}
