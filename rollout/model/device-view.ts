import { reportedField, TAG } from "./twin-contract.ts";

/** What the hub says of one device. */
export interface DeviceView {
  readonly deviceId: string;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly properties: { readonly reported: Readonly<Record<string, unknown>> };
}

/** What a device says where a path leads, for showing; undefined where it leads to nothing. */
export function valueAt(device: DeviceView, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    // An object that has the name: its values are unknown.
    return (value as Readonly<Record<string, unknown>>)[name];
  }, device);
}

/** A value for people. */
export function shownAt(device: DeviceView, path: string): string {
  const value = valueAt(device, path);
  return value === undefined ? "not set" : JSON.stringify(value);
}

/** The bucket that conditions go by: the tag's where it is set, else the one the device reports. */
export function bucketPath(device: DeviceView): string {
  return valueAt(device, TAG.bucket) === undefined ? reportedField("bucket") : TAG.bucket;
}
