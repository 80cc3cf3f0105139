import { randomInt } from "node:crypto";
import { SAS, type Authentication } from "./authentication.ts";
import type { Layering } from "./layering.ts";
import type { JsonObject } from "./json-value.ts";
import { generatedKey } from "./symmetric-key.ts";
import { NEVER } from "./timestamp.ts";
import { emptySection, type TwinSection } from "./twin-section.ts";

/** A registered device or module: identity and twin, one record, changed only by the device store. */
export interface Device {
  readonly deviceId: string;
  /** Undefined for a device. */
  readonly moduleId: string | undefined;
  /** Place in the order of registration, among devices or among modules; queries page by it. */
  readonly sequence: number;
  /** Tells a device from an earlier one of the same id. */
  readonly generationId: string;
  readonly authentication: Authentication;
  /** The keys are there for every device, and count for those that authenticate by "sas" only. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
  readonly status: "enabled" | "disabled";
  readonly statusReason: string | undefined;
  readonly statusUpdatedAt: number;
  readonly connected: boolean;
  readonly connectionUpdatedAt: number;
  readonly lastActivityAt: number;
  /** Messages that wait for the device; known to the mailbox, and shown here. */
  readonly mailCount: number;
  /** Counter behind the identity's etag. */
  readonly identityWrites: number;
  /** Absent until first set. */
  readonly tags: JsonObject | undefined;
  readonly desired: TwinSection;
  readonly reported: TwinSection;
  /** Counter behind the twin's etag: writes of tags and desired properties only [facts 2.1, G]. */
  readonly twinWrites: number;
  /** Root `version`: every write of tags, desired or reported properties. */
  readonly version: number;
  /** The configurations that held at the last evaluation; undefined when none did. */
  readonly layering: Layering | undefined;
}

/** What is chosen when a device is registered; keys left out are generated. */
export interface NewDevice {
  readonly deviceId: string;
  /** Makes it a module of a device that is registered already. */
  readonly moduleId?: string;
  readonly tags?: JsonObject;
  /** Default "sas". */
  readonly authentication?: Authentication;
  readonly primaryKey?: string;
  readonly secondaryKey?: string;
  readonly status?: Device["status"];
  readonly statusReason?: string;
}

/** The record of a device registered now. */
export function registeredDevice(
  device: NewDevice,
  { sequence, at }: { sequence: number; at: number },
): Device {
  return {
    deviceId: device.deviceId,
    moduleId: device.moduleId,
    sequence,
    generationId: String(randomInt(1, 2 ** 47)),
    authentication: device.authentication ?? SAS,
    primaryKey: device.primaryKey ?? generatedKey(),
    secondaryKey: device.secondaryKey ?? generatedKey(),
    status: device.status ?? "enabled",
    statusReason: device.statusReason,
    statusUpdatedAt: NEVER,
    connected: false,
    connectionUpdatedAt: NEVER,
    lastActivityAt: NEVER,
    mailCount: 0,
    identityWrites: 1,
    tags: device.tags,
    desired: emptySection(at),
    reported: emptySection(at),
    twinWrites: 1,
    version: 2,
    layering: undefined,
  };
}
