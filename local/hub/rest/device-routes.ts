import { z } from "zod";
import { identityDocument, identityEtag } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import type { Device } from "../device.ts";
import { isMatch } from "../precondition.ts";
import { argumentInvalid, notImplemented, preconditionFailed } from "../service-error.ts";
import { parseCount, type Route, type ServiceCall, type ServiceReply } from "./service-call.ts";

const MAX_LISTED = 1000;

/** Keys as the service takes them: base64 of 16 to 64 bytes; blank means "keep or generate" [facts 2.4]. */
const key = z
  .string()
  .refine((text) => text === "" || isKey(text), "must be base64 of 16 to 64 bytes")
  .nullish();

const identity = z.object({
  deviceId: z.string(),
  status: z.enum(["enabled", "disabled"]).nullish(),
  statusReason: z.string().max(128).nullish(),
  authentication: z
    .object({
      type: z.string().nullish(),
      symmetricKey: z.object({ primaryKey: key, secondaryKey: key }).nullish(),
    })
    .nullish(),
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
    { ...operation, method: "GET", path: "/devices/", answer: list },
    { ...operation, method: "GET", path: "/devices", answer: list },
    {
      ...operation,
      method: "GET",
      path: "/devices/:id",
      answer: ({ parameter }) => reply(devices.get(parameter("id"))),
    },
    { ...operation, method: "PUT", path: "/devices/:id", answer: (call) => reply(putDevice(devices, call)) },
    {
      ...operation,
      method: "DELETE",
      path: "/devices/:id",
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
  return devices.changeIdentity(before.deviceId, {
    primaryKey: written.primaryKey ?? before.primaryKey,
    secondaryKey: written.secondaryKey ?? before.secondaryKey,
    status: written.status,
    statusReason: written.statusReason,
  });
}

type WrittenIdentity = { deviceId: string } & Pick<Device, "status"> &
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
  const type = authentication?.type ?? "sas";
  if (type !== "sas") throw notImplemented(`authentication of devices by ${JSON.stringify(type)}`);
  if (capabilities?.iotEdge === true) throw notImplemented("IoT Edge devices");
  const keys = authentication?.symmetricKey;
  return {
    deviceId,
    status: status ?? "enabled",
    ...(statusReason ? { statusReason } : {}),
    ...(keys?.primaryKey ? { primaryKey: keys.primaryKey } : {}),
    ...(keys?.secondaryKey ? { secondaryKey: keys.secondaryKey } : {}),
  };
}

function isKey(text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= 16 && bytes.length <= 64 && bytes.toString("base64") === text;
}

function reply(device: Device): ServiceReply {
  return { status: 200, body: identityDocument(device), headers: { ETag: `"${identityEtag(device)}"` } };
}
