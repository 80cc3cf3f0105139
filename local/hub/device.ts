import { randomBytes, randomInt } from "node:crypto";
import type { Layering } from "./layering.ts";
import type { JsonObject } from "./json-value.ts";
import { NEVER } from "./timestamp.ts";
import { emptySection, type TwinSection } from "./twin-section.ts";

/** A registered device: identity and twin, one record, changed only by the device store. */
export interface Device {
  readonly deviceId: string;
  /** Undefined for a device; the twin of a module is a record of this kind too. */
  readonly moduleId: string | undefined;
  /** Place in the order of registration; queries page by it. */
  readonly sequence: number;
  /** Tells a device from an earlier one of the same id. */
  readonly generationId: string;
  readonly primaryKey: string;
  readonly secondaryKey: string;
  readonly status: "enabled" | "disabled";
  readonly statusReason: string | undefined;
  readonly statusUpdatedAt: number;
  readonly connected: boolean;
  readonly connectionUpdatedAt: number;
  readonly lastActivityAt: number;
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
  readonly tags?: JsonObject;
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
    moduleId: undefined,
    sequence,
    generationId: String(randomInt(1, 2 ** 47)),
    primaryKey: device.primaryKey ?? generatedKey(),
    secondaryKey: device.secondaryKey ?? generatedKey(),
    status: device.status ?? "enabled",
    statusReason: device.statusReason,
    statusUpdatedAt: NEVER,
    connected: false,
    connectionUpdatedAt: NEVER,
    lastActivityAt: NEVER,
    identityWrites: 1,
    tags: device.tags,
    desired: emptySection(at),
    reported: emptySection(at),
    twinWrites: 1,
    version: 2,
    layering: undefined,
  };
}

/** A symmetric key as the service makes them: 32 random bytes, base64. */
export function generatedKey(): string {
  return randomBytes(32).toString("base64");
}
