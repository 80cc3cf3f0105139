import { isJsonObject, ownValue, type JsonObject, type JsonValue } from "./json-value.ts";
import { serviceTime } from "./timestamp.ts";

/** When a part of a section was last written, mirroring the tree of its values; arrays are leaves [facts 2.2]. */
export interface Stamp {
  readonly at: number;
  /** The `$version` of the section after the write. */
  readonly version: number;
  readonly children?: Readonly<Record<string, Stamp>>;
}

/** The desired or the reported half of a twin; replaced as a whole by every write. */
export interface TwinSection {
  readonly value: JsonObject;
  readonly stamp: Stamp;
  /** `$version`: one more with every accepted write. */
  readonly version: number;
}

/** The section of a device that was just registered. */
export function emptySection(at: number): TwinSection {
  return { value: {}, stamp: { at, version: 1 }, version: 1 };
}

/** The section after a merge patch: null deletes, an object merges, anything else replaces [facts 2.3]. */
export function mergeSection(section: TwinSection, patch: JsonObject, at: number): TwinSection {
  const version = section.version + 1;
  return { ...mergeObject(section.value, { patch, stamp: section.stamp, at, version }), version };
}

/** The section after all of it was replaced; nulls in the new value mean "not there". */
export function replaceSection(section: TwinSection, value: JsonObject, at: number): TwinSection {
  const version = section.version + 1;
  return { ...mergeObject({}, { patch: value, stamp: { at, version }, at, version }), version };
}

/** A JSON object after a merge patch, without the bookkeeping (tags have none). */
export function mergeValues(value: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject(value, { patch, stamp: { at: 0, version: 0 }, at: 0, version: 0 }).value;
}

/** The section as the service API shows it, with `$metadata` and `$version`. */
export function sectionDocument(section: TwinSection, kind: "desired" | "reported"): JsonObject {
  return {
    ...section.value,
    $metadata: stampDocument(section.stamp, kind === "desired"),
    $version: section.version,
  };
}

interface Write {
  readonly patch: JsonObject;
  readonly stamp: Stamp;
  readonly at: number;
  readonly version: number;
}

function mergeObject(
  value: JsonObject,
  { patch, stamp, at, version }: Write,
): { value: JsonObject; stamp: Stamp } {
  const values: Record<string, JsonValue> = { ...value };
  const stamps: Record<string, Stamp> = { ...stamp.children };
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) {
      Reflect.deleteProperty(values, key);
      Reflect.deleteProperty(stamps, key);
    } else if (isJsonObject(change)) {
      const before = ownValue(value, key);
      const stampBefore = Object.hasOwn(stamps, key) ? stamps[key] : undefined;
      const merged = mergeObject(isJsonObject(before) ? before : {}, {
        patch: change,
        stamp: isJsonObject(before) && stampBefore !== undefined ? stampBefore : { at, version },
        at,
        version,
      });
      values[key] = merged.value;
      stamps[key] = merged.stamp;
    } else {
      values[key] = change;
      stamps[key] = { at, version };
    }
  }
  const hasChildren = Object.keys(stamps).length > 0;
  return { value: values, stamp: hasChildren ? { at, version, children: stamps } : { at, version } };
}

/** The stamp at a path of names, undefined where nothing is. */
export function stampAt({ stamp }: TwinSection, names: readonly string[]): Stamp | undefined {
  let found: Stamp | undefined = stamp;
  for (const name of names) {
    const children: Stamp["children"] = found.children;
    found = children !== undefined && Object.hasOwn(children, name) ? children[name] : undefined;
    if (found === undefined) return undefined;
  }
  return found;
}

/** A stamp and those below it as `$metadata` shows them. */
// Desired properties also carry `$lastUpdatedVersion` [facts 2.2], on all but the root of a section never written.
export function stampDocument(stamp: Stamp, withVersion: boolean): JsonObject {
  const children = Object.entries(stamp.children ?? {});
  return {
    $lastUpdated: serviceTime(stamp.at),
    ...(withVersion && stamp.version > 1 ? { $lastUpdatedVersion: stamp.version } : {}),
    ...Object.fromEntries(children.map(([key, child]) => [key, stampDocument(child, withVersion)])),
  };
}
