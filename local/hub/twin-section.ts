import { internedString } from "./interned-string.ts";
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from "./json-value.ts";
import { serviceTime } from "./timestamp.ts";

/**
 * When a part of a section was last written. `base` holds for every property inside that `children` does not name; both
 * are absent where one write made all of it, as a report of a whole block does: most twins need no tree of stamps.
 */
export interface Stamp {
  readonly at: number;
  /** The `$version` of the section after the write. */
  readonly version: number;
  readonly base?: Stamp;
  readonly children?: Readonly<Record<string, Stamp>>;
}

/** The desired or the reported half of a twin; replaced as a whole by every write. */
export interface TwinSection {
  readonly value: JsonObject;
  readonly stamp: Stamp;
  /** `$version`: one more with every accepted write. */
  readonly version: number;
}

const NOTHING: JsonObject = Object.freeze({});

/** The section of a device that was just registered. */
export function emptySection(at: number): TwinSection {
  return { value: NOTHING, stamp: { at, version: 1 }, version: 1 };
}

/** The section after a merge patch: null deletes, an object merges, anything else replaces [facts 2.3]. */
export function mergeSection(section: TwinSection, patch: JsonObject, at: number): TwinSection {
  const write = { at, version: section.version + 1 };
  return { ...mergeObject(section, patch, write), version: write.version };
}

/** The section after all of it was replaced; nulls in the new value mean "not there". */
export function replaceSection(section: TwinSection, value: JsonObject, at: number): TwinSection {
  const write = { at, version: section.version + 1 };
  return { ...mergeObject({ value: NOTHING, stamp: write }, value, write), version: write.version };
}

/** A JSON object after a merge patch, without the bookkeeping (tags have none). */
export function mergeValues(value: JsonObject, patch: JsonObject): JsonObject {
  const write = { at: 0, version: 0 };
  return mergeObject({ value, stamp: write }, patch, write).value;
}

/** The section as the service API shows it, with `$metadata` and `$version`. */
export function sectionDocument(section: TwinSection, kind: "desired" | "reported"): JsonObject {
  return {
    ...section.value,
    $metadata: metadataDocument(section, kind),
    $version: section.version,
  };
}

interface Stamped {
  readonly value: JsonObject;
  readonly stamp: Stamp;
}

function mergeObject(before: Stamped, patch: JsonObject, write: Stamp): Stamped {
  const names = Object.keys(patch);
  const isWhole = Object.keys(before.value).every((name) => Object.hasOwn(patch, name));
  const merged = names.map((name) => mergeProperty(before, { name, change: patch[name], write }));
  const isUniform = isWhole && merged.every((property) => property?.stamp === write);
  return {
    value: mergeValue(before.value, { patch, names, merged, isWhole }),
    stamp: isUniform ? write : mergeStamp(before.stamp, { names, merged, write }),
  };
}

interface Property {
  readonly value: JsonValue;
  readonly stamp: Stamp;
}

/** What a patch makes of one property; undefined when it takes the property away. */
function mergeProperty(
  before: Stamped,
  { name, change, write }: { name: string; change: JsonValue | undefined; write: Stamp },
): Property | undefined {
  if (change === null || change === undefined) return undefined;
  if (!isJsonObject(change))
    return { value: typeof change === "string" ? internedString(change) : change, stamp: write };
  const old = ownValue(before.value, name);
  return isJsonObject(old)
    ? mergeObject({ value: old, stamp: stampOf(before.stamp, name) }, change, write)
    : mergeObject({ value: NOTHING, stamp: write }, change, write);
}

interface Merge {
  readonly names: readonly string[];
  readonly merged: readonly (Property | undefined)[];
}

function mergeValue(
  before: JsonObject,
  { patch, names, merged, isWhole }: Merge & { patch: JsonObject; isWhole: boolean },
): JsonObject {
  // A patch that names every property is laid out as its sender wrote it: V8 keeps an object that was cloned as compact
  // as the one that JSON.parse made, and makes a hash table of one that grew or shrank by computed names.
  const values: Record<string, JsonValue> = isWhole ? { ...patch } : { ...before };
  for (const [index, name] of names.entries()) {
    const property = merged[index];
    if (property === undefined) Reflect.deleteProperty(values, name);
    else values[name] = property.value;
  }
  return values;
}

function mergeStamp(before: Stamp, { names, merged, write }: Merge & { write: Stamp }): Stamp {
  const children: Record<string, Stamp> = { ...before.children };
  for (const [index, name] of names.entries()) {
    const property = merged[index];
    if (property === undefined) Reflect.deleteProperty(children, name);
    else children[name] = property.stamp;
  }
  const base = before.base ?? (before.children === undefined ? before : undefined);
  return { ...write, ...(base === undefined ? {} : { base }), children };
}

function stampOf(stamp: Stamp, name: string): Stamp {
  if (stamp.children !== undefined && Object.hasOwn(stamp.children, name))
    return stamp.children[name] ?? stamp;
  return stamp.base ?? stamp;
}

/** A part of a section, and when it was written. */
export interface StampedPart {
  readonly value: JsonValue;
  readonly stamp: Stamp;
}

/** The part of a section at a path of names; undefined where nothing is. */
export function partAt({ value, stamp }: TwinSection, names: readonly string[]): StampedPart | undefined {
  let part: StampedPart = { value, stamp };
  for (const name of names) {
    const below = isJsonObject(part.value) ? ownValue(part.value, name) : undefined;
    if (below === undefined) return undefined;
    part = { value: below, stamp: stampOf(part.stamp, name) };
  }
  return part;
}

/** When a part and all in it was written, as `$metadata` shows it; arrays are leaves [facts 2.2]. */
export function metadataDocument({ value, stamp }: StampedPart, kind: "desired" | "reported"): JsonObject {
  const children = isJsonObject(value) ? Object.entries(value) : [];
  return {
    $lastUpdated: serviceTime(stamp.at),
    // On all but the root of a section never written.
    ...(kind === "desired" && stamp.version > 1 ? { $lastUpdatedVersion: stamp.version } : {}),
    ...Object.fromEntries(
      children.map(([name, child]) => [
        name,
        metadataDocument({ value: child, stamp: stampOf(stamp, name) }, kind),
      ]),
    ),
  };
}
