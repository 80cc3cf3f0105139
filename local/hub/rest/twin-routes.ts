import { twinDocument, twinEtag } from "../device-documents.ts";
import type { DeviceStore, TwinWrite } from "../device-store.ts";
import type { Device } from "../device.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json-value.ts";
import { isMatch } from "../precondition.ts";
import { argumentInvalid, preconditionFailed } from "../service-error.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceCall, ServiceReply } from "./service-call.ts";

/** Twins: get, patch, replace [facts 2.1 to 2.3]. */
export function twinRoutes(devices: DeviceStore): readonly Route[] {
  const write =
    (store: (deviceId: string, write: TwinWrite) => Device) =>
    (call: ServiceCall): ServiceReply => {
      const device = devices.get(call.parameter("id"));
      if (!isMatch(call.ifMatch, twinEtag(device)))
        throw preconditionFailed(`the twin of ${device.deviceId}`);
      return reply(store(device.deviceId, parseTwinWrite(call.body)));
    };
  const writes = {
    path: "/twins/:id",
    access: ACCESS.writeTwins,
    counted: "twinWrites",
    throttled: "twinWrites",
    metered: "request",
  } as const;
  return [
    {
      method: "GET",
      path: "/twins/:id",
      access: ACCESS.readTwins,
      counted: "twinReads",
      throttled: "twinReads",
      metered: "answer",
      answer: ({ parameter }) => reply(devices.get(parameter("id"))),
    },
    { ...writes, method: "PATCH", answer: write(devices.mergeTwin) },
    { ...writes, method: "PUT", answer: write(devices.replaceTwin) },
  ];
}

// Reported properties and identity fields are ignored [facts 2.3, G].
function parseTwinWrite(body: JsonValue | undefined): TwinWrite {
  if (!isJsonObject(body))
    throw argumentInvalid("A twin is written by a JSON object with tags, properties.desired or both");
  const properties = part(body, "properties");
  const tags = part(body, "tags");
  const desired = properties === undefined ? undefined : part(properties, "desired");
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(desired === undefined ? {} : { desired: withoutSystemMembers(desired) }),
  };
}

function part(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  if (value === undefined) return undefined;
  if (!isJsonObject(value))
    throw argumentInvalid(`${name} is ${JSON.stringify(value).slice(0, 40)}, an object is needed`);
  return value;
}

// Callers send a section back as they read it, with the members that the hub added.
function withoutSystemMembers(section: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(section).filter(([name]) => name !== "$metadata" && name !== "$version"),
  );
}

function reply(device: Device): ServiceReply {
  return { status: 200, body: twinDocument(device), headers: { ETag: `"${twinEtag(device)}"` } };
}
