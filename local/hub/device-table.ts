import type { Device } from "./device.ts";
import { EVERY_PART } from "./twin-part.ts";

/** Devices, or modules, by key and by slot; a slot is the sequence number of a record and is never used again. */
export interface DeviceTable {
  readonly size: () => number;
  readonly find: (key: string) => Device | undefined;
  /** The records by slot, with holes where one was removed: the fast way through all of them. Not to be changed. */
  readonly slots: () => readonly (Device | undefined)[];
  /** The slot that the next new record takes. */
  readonly nextSlot: () => number;
  /** Keep a record; `parts` has the bits of what differs from the one before. */
  readonly put: (device: Device, parts: number) => void;
  readonly remove: (device: Device) => void;
  /** What was put and removed since this was last asked. */
  readonly takeChanges: () => TableChanges;
  /** Begin anew, with `nextSlot` as the first slot to give away. */
  readonly clear: (nextSlot: number) => void;
}

/** Slots that changed, each once, with the bits of the parts that did; a removed record has all of them. */
export interface TableChanges {
  readonly slots: readonly number[];
  readonly parts: Uint8Array;
}

/** The key of a device or a module: also the client id that it connects by. */
export function deviceKey(deviceId: string, moduleId?: string): string {
  return moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
}

/** An empty table; `onWrite` hears of every record that is put, and of undefined where one is removed. */
export function createDeviceTable(onWrite?: (slot: number, device: Device | undefined) => void): DeviceTable {
  const byKey = new Map<string, number>();
  const slots: (Device | undefined)[] = [];
  let next = 1;
  let dirty: number[] = [];
  let masks = new Uint8Array(1024);

  const note = (slot: number, parts: number): void => {
    if (slot >= masks.length) {
      const grown = new Uint8Array(Math.max(slot + 1, masks.length * 2));
      grown.set(masks);
      masks = grown;
    }
    const before = masks[slot] ?? 0;
    if (before === 0) dirty.push(slot);
    masks[slot] = before | parts;
  };

  return {
    size: () => byKey.size,
    find: (key) => {
      const slot = byKey.get(key);
      return slot === undefined ? undefined : slots[slot];
    },
    slots: () => slots,
    nextSlot: () => next,
    put: (device, parts) => {
      const slot = device.sequence;
      if (slots[slot] === undefined) {
        byKey.set(deviceKey(device.deviceId, device.moduleId), slot);
        // An array without holes in its storage is the fast kind.
        while (slots.length < slot) slots.push(undefined);
        next = Math.max(next, slot + 1);
      }
      slots[slot] = device;
      note(slot, parts);
      onWrite?.(slot, device);
    },
    remove: (device) => {
      byKey.delete(deviceKey(device.deviceId, device.moduleId));
      slots[device.sequence] = undefined;
      note(device.sequence, EVERY_PART);
      onWrite?.(device.sequence, undefined);
    },
    takeChanges: () => {
      const taken = dirty;
      const parts = Uint8Array.from(taken, (slot) => masks[slot] ?? 0);
      for (const slot of taken) masks[slot] = 0;
      dirty = [];
      return { slots: taken, parts };
    },
    clear: (nextSlot) => {
      byKey.clear();
      slots.length = 0;
      masks.fill(0);
      dirty = [];
      next = nextSlot;
    },
  };
}
