import { z } from "zod";
import { identityDocument, identityEtag } from "../device-documents.ts";
import type { DeviceStore } from "../device-store.ts";
import type { Device } from "../device.ts";
import { isMatch } from "../precondition.ts";
import { argumentInvalid, preconditionFailed } from "../service-error.ts";
import {
  identityChange,
  identityFrom,
  identityMembers,
  type BlankKeys,
  type WrittenIdentity,
} from "./identity-body.ts";
import { keyFrom } from "./identity-key.ts";
import { ACCESS } from "./route-access.ts";
import { parseCount, type Route, type ServiceCall, type ServiceReply } from "./service-call.ts";

const MAX_LISTED = 1000;

const identity = z.object({ deviceId: z.string(), moduleId: z.string().nullish(), ...identityMembers });

/** Identities of devices and of their modules: create, update, get, delete, list [facts 2.4, 2.6, 4.1]. */
export function identityRoutes(
  devices: DeviceStore,
  { blankKeys }: { readonly blankKeys: BlankKeys },
): readonly Route[] {
  const operation = { counted: "registry", throttled: "registry" } as const;
  const read = { ...operation, method: "GET", access: ACCESS.readDevices } as const;
  const list = ({ option }: ServiceCall): ServiceReply => {
    const top = parseCount(option("top"), { name: "top", limit: MAX_LISTED });
    return { status: 200, body: Iterator.from(devices.all()).take(top).map(identityDocument).toArray() };
  };
  const one = (path: string): readonly Route[] => [
    { ...read, path, answer: (call) => reply(devices.get(keyFrom(call))) },
    {
      ...operation,
      method: "PUT",
      path,
      access: ACCESS.writeDevices,
      answer: (call) => reply(putIdentity(devices, call, blankKeys)),
    },
    {
      ...operation,
      method: "DELETE",
      path,
      access: ACCESS.deleteDevices,
      answer: (call) => {
        const key = keyFrom(call);
        const device = devices.get(key);
        if (!isMatch(call.ifMatch, identityEtag(device))) throw preconditionFailed(whatIs(device));
        devices.remove(key);
        return { status: 204 };
      },
    },
  ];
  return [
    // The SDK lists with a trailing slash, others without.
    { ...read, path: "/devices/", answer: list },
    { ...read, path: "/devices", answer: list },
    ...one("/devices/:id"),
    {
      ...read,
      path: "/devices/:id/modules",
      answer: (call) => {
        const { deviceId } = devices.get(keyFrom(call));
        return { status: 200, body: devices.modulesOf(deviceId).map(identityDocument) };
      },
    },
    ...one("/devices/:id/modules/:moduleId"),
  ];
}

function putIdentity(devices: DeviceStore, call: ServiceCall, blankKeys: BlankKeys): Device {
  const [deviceId, moduleId] = [call.parameter("id"), call.parameter("moduleId") || undefined];
  const written = parseIdentity(call.body, { deviceId, moduleId });
  if (call.ifMatch === undefined) {
    return devices.register({ deviceId, ...(moduleId === undefined ? {} : { moduleId }), ...written });
  }
  const key = keyFrom(call);
  const before = devices.get(key);
  if (!isMatch(call.ifMatch, identityEtag(before))) throw preconditionFailed(whatIs(before));
  return devices.changeIdentity(key, identityChange(before, written, blankKeys));
}

function parseIdentity(
  body: unknown,
  ids: { readonly deviceId: string; readonly moduleId: string | undefined },
): WrittenIdentity {
  const what = ids.moduleId === undefined ? "device" : "module";
  const parsed = identity.safeParse(body);
  if (!parsed.success) throw argumentInvalid(`The ${what} is malformed: ${z.prettifyError(parsed.error)}`);
  for (const name of ["deviceId", "moduleId"] as const) {
    if (ids[name] !== undefined && parsed.data[name] !== ids[name]) {
      throw argumentInvalid(
        `The body has the ${name} ${JSON.stringify(parsed.data[name])}, the address has ${JSON.stringify(ids[name])}`,
      );
    }
  }
  return identityFrom(parsed.data);
}

function whatIs({ deviceId, moduleId }: Device): string {
  return moduleId === undefined ? `device ${deviceId}` : `module ${moduleId} of device ${deviceId}`;
}

function reply(device: Device): ServiceReply {
  return { status: 200, body: identityDocument(device), headers: { ETag: `"${identityEtag(device)}"` } };
}
