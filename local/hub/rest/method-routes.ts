import type { DirectMethods } from "../direct-methods.ts";
import { isJsonObject, ownValue, type JsonValue } from "../json-value.ts";
import { methodKilobytes } from "../meter.ts";
import { parseMethodRequest, payloadBytes } from "../method-request.ts";
import { keyFrom } from "./identity-key.ts";
import { ACCESS } from "./route-access.ts";
import type { Route, ServiceCall, ServiceReply } from "./service-call.ts";

/** Direct methods on devices and modules [facts 2.7]. */
export function methodRoutes(methods: Pick<DirectMethods, "invoke">): readonly Route[] {
  const invoke = async (call: ServiceCall): Promise<ServiceReply> => {
    const { status, payload } = await methods.invoke(keyFrom(call), parseMethodRequest(call.body));
    return { status: 200, body: { status, payload } };
  };
  const route = {
    method: "POST",
    access: ACCESS.invokeMethods,
    counted: "directMethods",
    throttled: "directMethods",
    amount: kilobytesOf,
    answer: invoke,
  } as const;
  return [
    { ...route, path: "/twins/:id/methods" },
    { ...route, path: "/twins/:id/modules/:moduleId/methods" },
  ];
}

/** By the payload of the request alone [facts 1.9, D]; a body that is no call costs the least of one. */
function kilobytesOf(body: JsonValue | undefined): number {
  const payload = isJsonObject(body) ? ownValue(body, "payload") : undefined;
  return methodKilobytes(payloadBytes({ methodName: "", payload }));
}
