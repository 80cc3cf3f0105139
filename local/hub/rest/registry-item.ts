import { z } from "zod";
import { patchBetween, withoutNulls } from "../desired-path.ts";
import { identityEtag, twinEtag } from "../device-documents.ts";
import type { DeviceStore, TwinWrite } from "../device-store.ts";
import { deviceKey } from "../device-table.ts";
import type { Device } from "../device.ts";
import type { JsonObject } from "../json-value.ts";
import {
  argumentInvalid,
  deviceNotFound,
  moduleNotFound,
  preconditionFailed,
  serviceErrorFrom,
} from "../service-error.ts";
import { identityChange, identityFrom, identityMembers, type BlankKeys } from "./identity-body.ts";
import { withoutSystemMembers } from "../twin-body.ts";

/** What a bulk operation or an import makes of one item: nothing to tell, or what was wrong with it. */
export interface ItemReport {
  readonly deviceId: string;
  readonly moduleId?: string;
  /** The item was not done, or only its identity was. */
  readonly error?: { readonly code: string; readonly message: string };
  /** The device is registered, and its twin is not what the item says. */
  readonly warning?: { readonly code: "DeviceRegisteredWithoutTwin"; readonly message: string };
}

/** Import modes, in lower case: callers write them in any [facts 4.1]. */
const MODES = [
  "create",
  "createorupdate",
  "createorupdateifmatchetag",
  "update",
  "updateifmatchetag",
  "delete",
  "deleteifmatchetag",
  "updatetwin",
  "updatetwinifmatchetag",
] as const;

type ImportMode = (typeof MODES)[number];

const properties = z.record(z.string(), z.unknown());
const item = z.object({
  id: z.string(),
  moduleId: z.string().nullish(),
  eTag: z.string().nullish(),
  // The SDK passes on what its caller wrote, and identities have it in this form.
  etag: z.string().nullish(),
  importMode: z.string().nullish(),
  ...identityMembers,
  twinETag: z.string().nullish(),
  tags: properties.nullish(),
  properties: z.object({ desired: properties.nullish() }).nullish(),
});

type Item = z.infer<typeof item>;

/** Do one item of a bulk operation or of an import; never throws. */
export function applyRegistryItem(
  devices: DeviceStore,
  written: unknown,
  { blankKeys, defaultMode }: { readonly blankKeys: BlankKeys; readonly defaultMode: ImportMode },
): ItemReport {
  const parsed = item.safeParse(written);
  if (!parsed.success) {
    const message = `The item is malformed: ${z.prettifyError(parsed.error)}`;
    return { deviceId: idIn(written), error: { code: "ArgumentInvalid", message } };
  }
  const { id, moduleId } = parsed.data;
  const who = { deviceId: id.slice(0, 128), ...(moduleId ? { moduleId: moduleId.slice(0, 128) } : {}) };
  try {
    const mode = modeFrom(parsed.data.importMode) ?? defaultMode;
    const warning = apply(devices, parsed.data, { mode, blankKeys });
    return warning === undefined
      ? who
      : { ...who, warning: { code: "DeviceRegisteredWithoutTwin", message: warning } };
  } catch (error) {
    const { code, message } = serviceErrorFrom(error);
    return { ...who, error: { code, message } };
  }
}

function apply(
  devices: DeviceStore,
  data: Item,
  { mode, blankKeys }: { readonly mode: ImportMode; readonly blankKeys: BlankKeys },
): string | undefined {
  const { id, moduleId } = data;
  const key = keyOf(data);
  const before = devices.find(key);
  const isConditional = mode.endsWith("ifmatchetag");
  switch (mode) {
    case "create":
      return create(devices, data);
    case "createorupdate":
    case "createorupdateifmatchetag":
      if (before === undefined) return create(devices, data);
      break;
    case "update":
    case "updateifmatchetag":
    case "delete":
    case "deleteifmatchetag":
    case "updatetwin":
    case "updatetwinifmatchetag":
      break;
  }
  if (before === undefined) throw moduleId ? moduleNotFound(id, moduleId) : deviceNotFound(id);
  if (mode === "updatetwin" || mode === "updatetwinifmatchetag") {
    overwriteTwin(devices, before, { data, isConditional });
    return undefined;
  }
  if (isConditional && unquoted(data.eTag ?? data.etag) !== identityEtag(before))
    throw preconditionFailed(key);
  if (mode === "delete" || mode === "deleteifmatchetag") {
    devices.remove(key);
    return undefined;
  }
  devices.changeIdentity(key, identityChange(before, identityFrom(data), blankKeys));
  // A twin's etag counts whenever it is given, apart from the identity's [IoT Hub: import and export identities].
  overwriteTwin(devices, before, { data, isConditional: Boolean(data.twinETag) });
  return undefined;
}

/** Register, and write the twin of the new device; what is wrong with the twin alone is a warning [G]. */
function create(devices: DeviceStore, data: Item): string | undefined {
  const { id: deviceId, moduleId } = data;
  const device = devices.register({ deviceId, ...(moduleId ? { moduleId } : {}), ...identityFrom(data) });
  try {
    overwriteTwin(devices, device, { data, isConditional: false });
  } catch (error) {
    return serviceErrorFrom(error).message;
  }
  return undefined;
}

/** Parts that are given replace what is there; the device hears only of what differs. */
function overwriteTwin(
  devices: DeviceStore,
  device: Device,
  { data, isConditional }: { readonly data: Item; readonly isConditional: boolean },
): void {
  // Parsed from JSON, so what zod calls unknown is JSON.
  const tags = data.tags as JsonObject | null | undefined;
  const desired = data.properties?.desired as JsonObject | null | undefined;
  if (isConditional && unquoted(data.twinETag) !== twinEtag(device))
    throw preconditionFailed(`the twin of ${device.deviceId}`);
  const write: TwinWrite = {
    ...(tags && { tags: difference(device.tags ?? {}, tags) }),
    ...(desired && { desired: difference(device.desired.value, withoutSystemMembers(desired)) }),
  };
  const isEmpty = Object.values(write).every((part: JsonObject) => Object.keys(part).length === 0);
  if (!isEmpty) devices.mergeTwin(deviceKey(device.deviceId, device.moduleId), write);
}

function difference(before: JsonObject, after: JsonObject): JsonObject {
  return patchBetween(before, withoutNulls(after) as JsonObject) ?? {}; // of an object it makes an object
}

/** No id has a slash: the id of a device must not become the key of a module. */
function keyOf({ id, moduleId }: Item): string {
  if (id.includes("/"))
    throw argumentInvalid(`The device id ${JSON.stringify(id.slice(0, 140))} has a slash`);
  return deviceKey(id, moduleId || undefined);
}

function modeFrom(text: string | null | undefined): ImportMode | undefined {
  if (!text) return undefined;
  const mode = MODES.find((name) => name === text.toLowerCase());
  if (mode !== undefined) return mode;
  throw argumentInvalid(
    `importMode is ${JSON.stringify(text.slice(0, 40))}: use create, createOrUpdate, update, updateIfMatchETag, delete, deleteIfMatchETag, updateTwin or updateTwinIfMatchETag`,
  );
}

function unquoted(etag: string | null | undefined): string {
  return (etag ?? "").replace(/^"(.*)"$/u, "$1");
}

function idIn(written: unknown): string {
  const parsed = z.object({ id: z.string() }).safeParse(written);
  return parsed.success ? parsed.data.id.slice(0, 128) : "";
}
