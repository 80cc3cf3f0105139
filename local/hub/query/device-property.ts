import { identityEtag, systemDocument, twinDocument, twinEtag } from "../device-documents.ts";
import type { Device } from "../device.ts";
import { ownValue, type JsonObject } from "../json-value.ts";
import { serviceTime } from "../timestamp.ts";
import { metadataDocument, partAt, sectionDocument } from "../twin-section.ts";
import type { Collection, Operand, Property } from "./collection.ts";
import { pathText, type PathExpression } from "./expression.ts";
import { readerAt } from "./path-reader.ts";
import { QuerySyntaxError } from "./query-syntax-error.ts";

/** Twins of devices, and of modules, which are records of the same kind. */
export const TWINS: Collection<Device> = {
  property: compileDeviceProperty,
  document: twinDocument,
  itemType: "Twin",
  place: (device) => device.sequence,
};

const CONNECTION: Operand<Device> = {
  read: (device) => (device.connected ? "Connected" : "Disconnected"),
};

/** System properties by their canonical names [facts 2.1]. */
const SYSTEM: Readonly<Record<string, Operand<Device>>> = {
  deviceId: { read: (device) => device.deviceId },
  moduleId: { read: (device) => device.moduleId },
  etag: { read: twinEtag },
  deviceEtag: { read: identityEtag },
  status: { read: (device) => device.status },
  statusReason: { read: (device) => device.statusReason },
  statusUpdateTime: time((device) => device.statusUpdatedAt),
  connectionState: CONNECTION,
  lastActivityTime: time((device) => device.lastActivityAt),
  version: { read: (device) => device.version },
  // What is rarely asked for is read as the twin's document shows it.
  ...Object.fromEntries(
    [
      ...["cloudToDeviceMessageCount", "authenticationType", "modelId", "deviceScope", "parentScopes"],
      ...["x509Thumbprint", "x509Thumbprint.primaryThumbprint", "x509Thumbprint.secondaryThumbprint"],
      ...["capabilities", "capabilities.iotEdge"],
    ].map((name) => [name, { read: readerAt(systemDocument, name.split(".")) }]),
  ),
};

/** Names of system properties are case-insensitive in a query [facts 3.2]. */
const SYSTEM_NAMES: ReadonlyMap<string, string> = new Map(
  Object.keys(SYSTEM).map((name) => [name.toLowerCase(), name]),
);

function time(instant: (device: Device) => number): Operand<Device> {
  return { read: (device) => serviceTime(instant(device)), instant };
}

function compileDeviceProperty(path: PathExpression): Property<Device> {
  const [root = "", ...names] = path.names;
  const property = systemProperty(path) ?? userProperty(root.toLowerCase(), names);
  if (property === undefined) {
    throw new QuerySyntaxError(
      `Unknown property ${pathText(path)}`,
      path.place,
      `use ${Object.keys(SYSTEM).join(", ")}, tags, properties.desired, properties.reported (with $version and $metadata) or configurations.[[id]].status`,
    );
  }
  return property;
}

function systemProperty({ names }: PathExpression): Property<Device> | undefined {
  const name = SYSTEM_NAMES.get(names.join(".").toLowerCase());
  const operand = name === undefined ? undefined : SYSTEM[name];
  if (name === undefined || operand === undefined) return undefined;
  const canonical = name.split(".");
  return {
    ...operand,
    column: canonical.at(-1) ?? name,
    names: canonical,
    parts: name === "deviceId" || name === "moduleId" ? [] : ["system"],
  };
}

function userProperty(root: string, names: readonly string[]): Property<Device> | undefined {
  const path = { column: names.at(-1) ?? root, names: [root, ...names] };
  if (root === "tags") {
    return { ...path, read: readerAt((device: Device) => device.tags, names), parts: ["tags"] };
  }
  if (root === "configurations") {
    const operand = configurationOperand(names);
    return operand && { ...path, ...operand, parts: ["configurations"] };
  }
  if (root !== "properties") return undefined;
  const [section, ...rest] = names;
  if (section === undefined) {
    const read = (device: Device): JsonObject => ({
      desired: sectionDocument(device.desired, "desired"),
      reported: sectionDocument(device.reported, "reported"),
    });
    return { ...path, read, parts: ["desired", "reported"] };
  }
  if (section !== "desired" && section !== "reported") return undefined;
  const operand = sectionOperand(section, rest);
  return operand && { ...path, ...operand, parts: [section] };
}

function configurationOperand(names: readonly string[]): Operand<Device> | undefined {
  const [id, field] = names;
  if (names.length > 2 || (field !== undefined && field !== "status")) return undefined;
  if (id === undefined) return { read: (device) => ownValue(twinDocument(device), "configurations") };
  if (field === "status") return { read: (device) => device.layering?.statuses.get(id) };
  return {
    read: (device) => {
      const status = device.layering?.statuses.get(id);
      return status === undefined ? undefined : { status };
    },
  };
}

function sectionOperand(
  section: "desired" | "reported",
  names: readonly string[],
): Operand<Device> | undefined {
  const [first, ...rest] = names;
  if (first === undefined) return { read: (device) => sectionDocument(device[section], section) };
  if (first === "$version") {
    return rest.length === 0 ? { read: (device) => device[section].version } : undefined;
  }
  if (first === "$metadata") return metadataOperand(section, rest);
  if (first.startsWith("$")) return undefined;
  // Written out, so that each reads its own field and not one that has to be looked up.
  return section === "desired"
    ? { read: readerAt((device: Device) => device.desired.value, names) }
    : { read: readerAt((device: Device) => device.reported.value, names) };
}

function metadataOperand(section: "desired" | "reported", names: readonly string[]): Operand<Device> {
  const last = names.at(-1);
  const above = names.slice(0, -1);
  if (last === "$lastUpdated") {
    const instant = (device: Device): number | undefined => partAt(device[section], above)?.stamp.at;
    return {
      read: (device) => {
        const at = instant(device);
        return at === undefined ? undefined : serviceTime(at);
      },
      instant,
    };
  }
  const isVersion = last === "$lastUpdatedVersion";
  return {
    read: (device) => {
      const part = partAt(device[section], isVersion ? above : names);
      const document = part && metadataDocument(part, section);
      return isVersion && document !== undefined ? ownValue(document, last) : document;
    },
  };
}
