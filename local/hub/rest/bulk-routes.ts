import type { DeviceStore } from "../device-store.ts";
import type { JsonObject, JsonValue } from "../json-value.ts";
import { argumentInvalid } from "../service-error.ts";
import type { BlankKeys } from "./identity-body.ts";
import { applyRegistryItem, type ItemReport } from "./registry-item.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceReply } from "./service-call.ts";

const MAX_ITEMS = 100;

/** Identities by the hundred: each item does what its importMode says, the good ones in any case [facts 4.1]. */
export function bulkRoutes(
  devices: DeviceStore,
  { blankKeys }: { readonly blankKeys: BlankKeys },
): readonly Route[] {
  const route = {
    method: "POST",
    access: ACCESS.bulkDevices,
    counted: "registry",
    throttled: "registry",
    amount: (body: JsonValue | undefined) => itemsIn(body).length,
    answer: ({ body }: { body: JsonValue | undefined }) =>
      reply(
        // An item without a mode is undocumented [G].
        itemsIn(body).map((item) => applyRegistryItem(devices, item, { blankKeys, defaultMode: "create" })),
      ),
  } as const;
  return [
    { ...route, path: "/devices" },
    { ...route, path: "/devices/" },
  ];
}

function itemsIn(body: JsonValue | undefined): readonly JsonValue[] {
  // Array.isArray widens the items of a readonly array to any.
  const items = Array.isArray(body) ? (body as readonly JsonValue[]) : [];
  if (items.length > 0 && items.length <= MAX_ITEMS) return items;
  throw argumentInvalid(`A bulk operation is an array of 1 to ${MAX_ITEMS} devices`);
}

function reply(reports: readonly ItemReport[]): ServiceReply {
  const errors = reports.flatMap((report): JsonObject[] =>
    report.error === undefined
      ? []
      : [{ ...subjectOf(report), errorCode: report.error.code, errorStatus: report.error.message }],
  );
  const warnings = reports.flatMap((report): JsonObject[] =>
    report.warning === undefined
      ? []
      : [{ ...subjectOf(report), warningCode: report.warning.code, warningStatus: report.warning.message }],
  );
  const body = { isSuccessful: errors.length === 0, errors, warnings };
  return errors.length === 0
    ? { status: 200, body }
    : { status: 400, body, headers: { "iothub-errorcode": "BulkRegistryOperationFailure" } };
}

function subjectOf({ deviceId, moduleId }: ItemReport): JsonObject {
  return { deviceId, ...(moduleId === undefined ? {} : { moduleId }) };
}
