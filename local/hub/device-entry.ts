import type { Device } from "./device.ts";
import type { JsonObject } from "./json-value.ts";
import type { Layering } from "./layering.ts";

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

/** A changed identity. */
export interface IdentityEntry {
  readonly op: "identity";
  readonly key: string;
  readonly change: IdentityChange;
  readonly at: number;
}

/** A write of the service side to a twin. */
export interface TwinEntry extends TwinWrite {
  readonly op: "merge" | "replace";
  readonly key: string;
  readonly at: number;
}

/** A write of the device to its twin. */
export interface ReportEntry {
  readonly op: "report";
  readonly key: string;
  readonly patch: JsonObject;
  /** Whether the etag of the twin changes; an option of the hub that made the entry. */
  readonly changesEtag?: boolean;
  readonly at: number;
}

/** A device passes to another layering, by its signature; null is none. */
export interface LayerEntry {
  readonly op: "layer";
  readonly key: string;
  readonly signature: string | null;
  readonly patch?: JsonObject;
  readonly at: number;
}

/** A change to one device that is there. */
export type ChangeEntry = IdentityEntry | TwinEntry | ReportEntry | LayerEntry;

/** A change to the devices, as it stands in the journal; it means the same when it is made and when it is replayed. */
export type DeviceEntry =
  | ChangeEntry
  | { readonly op: "put"; readonly device: StoredDevice }
  | { readonly op: "remove"; readonly key: string }
  | { readonly op: "layering"; readonly layering: StoredLayering }
  /** Slots to give away next, so that none is given twice. */
  | { readonly op: "slots"; readonly devices: number; readonly modules: number };

/** A device without its connection, which does not outlive the hub's process, and its mail; its layering by signature. */
export interface StoredDevice extends Omit<Device, "layering" | "connected" | "mailCount"> {
  readonly layering?: string;
}

/** A layering as JSON can carry it. */
export interface StoredLayering extends Omit<Layering, "statuses"> {
  readonly statuses: readonly (readonly [string, "Applied" | "Targeted"])[];
}

/** The device as it is stored. */
export function storedDevice(device: Device): StoredDevice {
  const { layering, ...stored } = { ...device, connected: undefined, mailCount: undefined };
  return layering === undefined ? stored : { ...stored, layering: layering.signature };
}

/** The device that was stored; what was undefined and so is absent from the file becomes a member again. */
export function deviceFromStored(
  stored: StoredDevice,
  find: (signature: string) => Layering | undefined,
): Device {
  const absent = { moduleId: undefined, statusReason: undefined, tags: undefined };
  const layering = stored.layering === undefined ? undefined : find(stored.layering);
  return { ...absent, ...stored, connected: false, mailCount: 0, layering };
}

/** The layering as it is stored. */
export function storedLayering({ statuses, ...layering }: Layering): StoredLayering {
  return { ...layering, statuses: [...statuses] };
}

/** The layering that was stored. */
export function layeringFromStored({ statuses, ...layering }: StoredLayering): Layering {
  return { ...layering, statuses: new Map(statuses) };
}
