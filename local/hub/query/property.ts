import type { Device } from "../device.ts";
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from "../json-value.ts";
import { serviceTime } from "../timestamp.ts";
import { pathText, placeText, type PathExpression } from "./expression.ts";
import { QuerySyntaxError } from "./parser.ts";

/** What a path has in a device; undefined when it is missing. */
export type ReadProperty = (device: Device) => JsonValue | undefined;

/** A path made ready to be read from every device. */
export interface Property {
  readonly read: ReadProperty;
  /** As a result column is called: the canonical name of a system property, else the last name of the path. */
  readonly column: string;
  /** Whether values are instants, which compare as such and not as text. */
  readonly isTime: boolean;
}

/** System properties: names are case-insensitive in a query and canonical in its rows [facts 3.2]. */
const SYSTEM: Readonly<Record<string, { column: string; read: ReadProperty; isTime?: true }>> = {
  deviceid: { column: "deviceId", read: (device) => device.deviceId },
  moduleid: { column: "moduleId", read: (device) => device.moduleId },
  status: { column: "status", read: (device) => device.status },
  connectionstate: {
    column: "connectionState",
    read: (device) => (device.connected ? "Connected" : "Disconnected"),
  },
  lastactivitytime: {
    column: "lastActivityTime",
    read: (device) => serviceTime(device.lastActivityAt),
    isTime: true,
  },
};

/** The property that a path names; throws QuerySyntaxError where the hub has none of that name. */
export function compileProperty(path: PathExpression): Property {
  const [root = "", ...names] = path.names;
  const system = ownSystem(root.toLowerCase());
  if (system !== undefined && names.length === 0) return { isTime: false, ...system };
  const read = compileRead(root.toLowerCase(), names);
  if (read === undefined) {
    throw new QuerySyntaxError(
      `Unknown property ${pathText(path)} ${placeText(path.place)}: use deviceId, status, connectionState, lastActivityTime, tags, properties.desired, properties.reported or configurations.[[id]].status`,
    );
  }
  return { read, column: names.at(-1) ?? root, isTime: false };
}

function ownSystem(name: string): (typeof SYSTEM)[string] | undefined {
  return Object.hasOwn(SYSTEM, name) ? SYSTEM[name] : undefined;
}

function compileRead(root: string, names: readonly string[]): ReadProperty | undefined {
  if (root === "tags") {
    const read = readerAt(names);
    return (device) => read(device.tags);
  }
  if (root === "configurations") {
    const [id, field] = names;
    if (id === undefined || field !== "status" || names.length > 2) return undefined;
    return (device) => device.layering?.statuses.get(id);
  }
  const [section, ...rest] = names;
  if (root !== "properties" || (section !== "desired" && section !== "reported")) return undefined;
  const [first] = rest;
  if (first === "$version" && rest.length === 1) return (device) => device[section].version;
  if (first?.startsWith("$") === true) return undefined;
  const read = readerAt(rest);
  return section === "desired"
    ? (device) => read(device.desired.value)
    : (device) => read(device.reported.value);
}

// A plain load is several times faster than hasOwn, and an evaluation makes millions: only the names that every object
// inherits, such as constructor, are asked for with care.
function readerAt(names: readonly string[]): (document: JsonObject | undefined) => JsonValue | undefined {
  const load = names.some((name) => name in Object.prototype)
    ? ownValue
    : (object: JsonObject, name: string): JsonValue | undefined => object[name];
  return (document) => {
    let value: JsonValue | undefined = document;
    for (const name of names) {
      if (!isJsonObject(value)) return undefined;
      value = load(value, name);
    }
    return value;
  };
}
