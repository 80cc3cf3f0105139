import { identityDocument, identityEtag, twinDocument, twinEtag } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import type { Device } from "../device.ts";
import type { JsonObject } from "../json-value.ts";

/** The name of the blob that has the identities, in both directions [IoT Hub: import and export identities]. */
export const IDENTITIES_BLOB = "devices.txt";
/** Where an import tells of the lines that failed. */
export const ERRORS_BLOB = "importErrors.log";

/** All devices, each followed by its modules, one JSON a line; chosen now, written as they are asked for. */
export function identityLines(
  devices: DeviceStore,
  { excludeKeys }: { readonly excludeKeys: boolean },
): { readonly lines: Iterable<string>; readonly count: number } {
  const records = Iterator.from(devices.all())
    .flatMap((device) => [device, ...devices.modulesOf(device.deviceId)])
    .toArray();
  return {
    count: records.length,
    lines: Iterator.from(records).map((record) => `${JSON.stringify(lineOf(record, excludeKeys))}\n`),
  };
}

function lineOf(device: Device, excludeKeys: boolean): JsonObject {
  const { authentication = {}, capabilities } = identityDocument(device);
  const { tags, properties = {} } = twinDocument(device);
  return {
    id: device.deviceId,
    ...(device.moduleId === undefined ? {} : { moduleId: device.moduleId }),
    eTag: identityEtag(device),
    status: device.status,
    ...(device.statusReason === undefined ? {} : { statusReason: device.statusReason }),
    authentication: excludeKeys
      ? { ...(authentication as JsonObject), symmetricKey: { primaryKey: null, secondaryKey: null } }
      : authentication,
    ...(capabilities === undefined ? {} : { capabilities }),
    twinETag: twinEtag(device),
    ...(tags === undefined ? {} : { tags }),
    properties,
  };
}
