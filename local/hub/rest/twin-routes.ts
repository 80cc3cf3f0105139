import { twinDocument, twinEtag } from "../device-documents.ts";
import type { DeviceStore, TwinWrite } from "../device-store.ts";
import type { Device } from "../device.ts";
import { isMatch } from "../precondition.ts";
import { preconditionFailed } from "../service-error.ts";
import { keyFrom } from "./identity-key.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceCall, ServiceReply } from "./service-call.ts";
import { parseTwinWrite } from "../twin-body.ts";

/** Twins of devices and modules: get, patch, replace [facts 2.1 to 2.3, 2.6]. */
export function twinRoutes(devices: DeviceStore): readonly Route[] {
  const write =
    (store: (key: string, write: TwinWrite) => Device) =>
    (call: ServiceCall): ServiceReply => {
      const key = keyFrom(call);
      if (!isMatch(call.ifMatch, twinEtag(devices.get(key)))) throw preconditionFailed(`the twin of ${key}`);
      return reply(store(key, parseTwinWrite(call.body)));
    };
  const writes = {
    access: ACCESS.writeTwins,
    counted: "twinWrites",
    throttled: "twinWrites",
    metered: "request",
  } as const;
  return ["/twins/:id", "/twins/:id/modules/:moduleId"].flatMap((path): Route[] => [
    {
      method: "GET",
      path,
      access: ACCESS.readTwins,
      counted: "twinReads",
      throttled: "twinReads",
      metered: "answer",
      answer: (call) => reply(devices.get(keyFrom(call))),
    },
    { ...writes, path, method: "PATCH", answer: write(devices.mergeTwin) },
    { ...writes, path, method: "PUT", answer: write(devices.replaceTwin) },
  ]);
}

function reply(device: Device): ServiceReply {
  return { status: 200, body: twinDocument(device), headers: { ETag: `"${twinEtag(device)}"` } };
}
