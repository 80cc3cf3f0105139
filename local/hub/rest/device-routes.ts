import { z } from "zod";
import { identityDocument, identityEtag } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import { generatedKey, type Device } from "../device.ts";
import { isMatch } from "../precondition.ts";
import { argumentInvalid, notImplemented, preconditionFailed } from "../service-error.ts";
import { authenticationBody, authenticationFrom } from "./authentication-body.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route, type ServiceCall, type ServiceReply } from "./service-call.ts";

const MAX_LISTED = 1000;

const identity = z.object({
  deviceId: z.string(),
  status: z.enum(["enabled", "disabled"]).nullish(),
  statusReason: z.string().max(128).nullish(),
  authentication: authenticationBody,
  capabilities: z.object({ iotEdge: z.boolean().nullish() }).nullish(),
});

/** Identities: create, update, get, delete, list [facts 2.4, 4.1]. */
export function deviceRoutes(devices: DeviceStore): readonly Route[] {
  const operation = { counted: "registry", throttled: "registry" } as const;
  const list = ({ option }: ServiceCall): ServiceReply => {
    const top = parseCount(option("top"), { name: "top", limit: MAX_LISTED });
    return { status: 200, body: Iterator.from(devices.all()).take(top).map(identityDocument).toArray() };
  };
  return [
    // The SDK lists with a trailing slash, others without.
    { ...operation, method: "GET", path: "/devices/", access: ACCESS.readDevices, answer: list },
    { ...operation, method: "GET", path: "/devices", access: ACCESS.readDevices, answer: list },
    {
      ...operation,
      method: "GET",
      path: "/devices/:id",
      access: ACCESS.readDevices,
      answer: ({ parameter }) => reply(devices.get(parameter("id"))),
    },
    {
      ...operation,
      method: "PUT",
      path: "/devices/:id",
      access: ACCESS.writeDevices,
      answer: (call) => reply(putDevice(devices, call)),
    },
    {
      ...operation,
      method: "DELETE",
      path: "/devices/:id",
      access: ACCESS.deleteDevices,
      answer: ({ parameter, ifMatch }) => {
        const device = devices.get(parameter("id"));
        if (!isMatch(ifMatch, identityEtag(device))) throw preconditionFailed(`device ${device.deviceId}`);
        devices.remove(device.deviceId);
        return { status: 204 };
      },
    },
  ];
}

function putDevice(devices: DeviceStore, { parameter, ifMatch, body }: ServiceCall): Device {
  const written = parseIdentity(parameter("id"), body);
  if (ifMatch === undefined) return devices.register(written);
  const before = devices.get(written.deviceId);
  if (!isMatch(ifMatch, identityEtag(before))) throw preconditionFailed(`device ${before.deviceId}`);
  // Blank keys are kept, but not those of a time before the device had another proof [G].
  const isKept = before.authentication.type === written.authentication.type;
  return devices.changeIdentity(before.deviceId, {
    authentication: written.authentication,
    primaryKey: written.primaryKey ?? (isKept ? before.primaryKey : generatedKey()),
    secondaryKey: written.secondaryKey ?? (isKept ? before.secondaryKey : generatedKey()),
    status: written.status,
    statusReason: written.statusReason,
  });
}

type WrittenIdentity = { deviceId: string } & Pick<Device, "authentication" | "status"> &
  Partial<Pick<Device, "primaryKey" | "secondaryKey">> & { statusReason?: string };

function parseIdentity(deviceId: string, body: unknown): WrittenIdentity {
  const parsed = identity.safeParse(body);
  if (!parsed.success) throw argumentInvalid(`The device is malformed: ${z.prettifyError(parsed.error)}`);
  const { authentication, capabilities, status, statusReason } = parsed.data;
  if (parsed.data.deviceId !== deviceId) {
    throw argumentInvalid(
      `The body has the deviceId ${JSON.stringify(parsed.data.deviceId)}, the address has ${JSON.stringify(deviceId)}`,
    );
  }
  if (capabilities?.iotEdge === true) throw notImplemented("IoT Edge devices");
  const keys = authentication?.symmetricKey;
  return {
    deviceId,
    status: status ?? "enabled",
    authentication: authenticationFrom(authentication),
    ...(statusReason ? { statusReason } : {}),
    ...(keys?.primaryKey ? { primaryKey: keys.primaryKey } : {}),
    ...(keys?.secondaryKey ? { secondaryKey: keys.secondaryKey } : {}),
  };
}

function reply(device: Device): ServiceReply {
  return { status: 200, body: identityDocument(device), headers: { ETag: `"${identityEtag(device)}"` } };
}
