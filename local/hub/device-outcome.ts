import type { IdentityEntry, LayerEntry, ReportEntry, TwinEntry, TwinWrite } from "./device-entry.ts";
import type { Device } from "./device.ts";
import type { Layering } from "./layering.ts";
import { TWIN_PART } from "./twin-part.ts";
import { checkTwinDocument, checkTwinSize } from "./twin-limits.ts";
import { mergeSection, mergeValues, replaceSection } from "./twin-section.ts";

/** What an entry of the journal makes of a device: the members that change, and the parts they belong to. */
export interface Outcome {
  readonly changes: Partial<Device>;
  readonly parts: number;
}

/** A changed identity. */
export function identityOutcome(device: Device, { change, at }: IdentityEntry): Outcome {
  const statusUpdatedAt = change.status === device.status ? device.statusUpdatedAt : at;
  const changes = { ...change, statusUpdatedAt, identityWrites: device.identityWrites + 1 };
  return { changes, parts: TWIN_PART.system };
}

/** Tags and desired properties written by the service side. */
export function twinOutcome(device: Device, { op, tags, desired, at }: TwinEntry): Outcome {
  const isReplacing = op === "replace";
  const write = isReplacing ? replaceSection : mergeSection;
  return {
    changes: {
      ...(tags === undefined ? {} : { tags: mergeValues(isReplacing ? {} : (device.tags ?? {}), tags) }),
      ...(desired === undefined ? {} : { desired: write(device.desired, desired, at) }),
      twinWrites: device.twinWrites + 1,
      version: device.version + 1,
    },
    parts: TWIN_PART.tags | TWIN_PART.desired | TWIN_PART.system,
  };
}

/** Reported properties written by the device. */
export function reportOutcome(device: Device, { patch, changesEtag = false, at }: ReportEntry): Outcome {
  const reported = mergeSection(device.reported, patch, at);
  const twinWrites = device.twinWrites + (changesEtag ? 1 : 0);
  return {
    changes: { reported, twinWrites, version: device.version + 1 },
    parts: TWIN_PART.reported | TWIN_PART.system,
  };
}

/** Another layering, and the desired properties that come with it. */
export function layerOutcome(
  device: Device,
  { patch, at }: Pick<LayerEntry, "patch" | "at">,
  layering: Layering | undefined,
): Outcome {
  if (patch === undefined) return { changes: { layering }, parts: TWIN_PART.configurations };
  const desired = mergeSection(device.desired, patch, at);
  return {
    changes: { layering, desired, twinWrites: device.twinWrites + 1, version: device.version + 1 },
    parts: TWIN_PART.configurations | TWIN_PART.desired | TWIN_PART.system,
  };
}

/** Refuse what a twin may not be given: names, depth, values. */
export function checkTwinWrite({ tags, desired }: TwinWrite): void {
  if (tags !== undefined) checkTwinDocument(tags, "tags");
  if (desired !== undefined) checkTwinDocument(desired, "properties.desired");
}

/** Refuse an outcome that is larger than a twin may be. */
export function checkOutcome({ changes: { tags, desired, reported } }: Outcome): void {
  if (tags !== undefined) checkTwinSize(tags, "tags");
  if (desired !== undefined) checkTwinSize(desired.value, "desired");
  if (reported !== undefined) checkTwinSize(reported.value, "reported");
}
