import type { Device } from "./device.ts";
import type { JsonObject } from "./json-value.ts";
import { serviceTime } from "./timestamp.ts";
import { sectionDocument } from "./twin-section.ts";

/** The etag of a twin, without quotes: base64 of an 8-byte counter, "AAAAAAAAAAE=" at first [facts 2.1]. */
export function twinEtag(device: Device): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(device.twinWrites));
  return counter.toString("base64");
}

/** The etag of an identity, without quotes; another string than the twin's. */
export function identityEtag(device: Device): string {
  return Buffer.from(`${device.generationId.slice(0, 6)}${device.identityWrites}`).toString("base64");
}

/** The system properties of a twin: all but tags, configurations, desired and reported properties [facts 2.1]. */
export function systemDocument(device: Device): JsonObject {
  return {
    deviceId: device.deviceId,
    ...moduleOf(device),
    etag: twinEtag(device),
    deviceEtag: identityEtag(device),
    ...statusOf(device),
    statusUpdateTime: serviceTime(device.statusUpdatedAt),
    connectionState: device.connected ? "Connected" : "Disconnected",
    lastActivityTime: serviceTime(device.lastActivityAt),
    cloudToDeviceMessageCount: device.mailCount,
    authenticationType: device.authentication.type,
    x509Thumbprint: thumbprintsOf(device),
    modelId: "",
    version: device.version,
    capabilities: { iotEdge: false },
  };
}

/** The twin as the service API shows it [facts 2.1]. */
export function twinDocument(device: Device): JsonObject {
  const configurations = [...(device.layering?.statuses ?? [])].map(
    ([id, status]) => [id, { status }] as const,
  );
  return {
    ...systemDocument(device),
    ...(device.tags === undefined ? {} : { tags: device.tags }),
    ...(configurations.length === 0 ? {} : { configurations: Object.fromEntries(configurations) }),
    properties: {
      desired: sectionDocument(device.desired, "desired"),
      reported: sectionDocument(device.reported, "reported"),
    },
  };
}

/** The twin as its device sees it: no tags, no configurations, no metadata [facts 5.2]. */
export function deviceTwinDocument(device: Device): JsonObject {
  return {
    desired: { ...device.desired.value, $version: device.desired.version },
    reported: { ...device.reported.value, $version: device.reported.version },
  };
}

/** The identity as the service API shows it, keys included [facts 2.4]. */
export function identityDocument(device: Device): JsonObject {
  return {
    deviceId: device.deviceId,
    ...moduleOf(device),
    generationId: device.generationId,
    etag: identityEtag(device),
    connectionState: device.connected ? "Connected" : "Disconnected",
    // The identity of a module has no status in the SDK's model.
    ...(device.moduleId === undefined
      ? { ...statusOf(device), statusUpdatedTime: serviceTime(device.statusUpdatedAt) }
      : {}),
    connectionStateUpdatedTime: serviceTime(device.connectionUpdatedAt),
    lastActivityTime: serviceTime(device.lastActivityAt),
    cloudToDeviceMessageCount: device.mailCount,
    authentication: {
      symmetricKey:
        device.authentication.type === "sas"
          ? { primaryKey: device.primaryKey, secondaryKey: device.secondaryKey }
          : { primaryKey: null, secondaryKey: null },
      x509Thumbprint: thumbprintsOf(device),
      type: device.authentication.type,
    },
    ...(device.moduleId === undefined ? { capabilities: { iotEdge: false } } : { managedBy: "" }),
  };
}

function thumbprintsOf({ authentication }: Device): JsonObject {
  const { primaryThumbprint = null, secondaryThumbprint = null } =
    authentication.type === "selfSigned" ? authentication : {};
  return { primaryThumbprint, secondaryThumbprint };
}

function moduleOf({ moduleId }: Device): JsonObject {
  return moduleId === undefined ? {} : { moduleId };
}

function statusOf(device: Device): JsonObject {
  return {
    status: device.status,
    ...(device.statusReason === undefined ? {} : { statusReason: device.statusReason }),
  };
}
