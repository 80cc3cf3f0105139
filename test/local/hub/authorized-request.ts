import type { LocalHub, PolicyName } from "../../../local/hub/hub.ts";
import { aSasToken } from "./raw-connect.ts";
import { sendToService, type ServiceAnswer } from "./service-request.ts";

/** A request to the service API that the SDK has no method for, with the rights of a policy, iothubowner unless another is named. */
export function ask(
  hub: LocalHub,
  call: string,
  {
    body,
    headers = {},
    policy = "iothubowner",
  }: { body?: unknown; headers?: object; policy?: PolicyName } = {},
): Promise<ServiceAnswer> {
  const [method = "GET", path = ""] = call.split(" ");
  const expiry = String(Math.floor(Date.now() / 1000) + 3600);
  const token = aSasToken({ key: hub.policies[policy].primaryKey, resource: "localhost", policy, expiry });
  const address = `${path}${path.includes("?") ? "&" : "?"}api-version=2021-04-12`;
  return sendToService(hub, address, {
    method,
    headers: { Authorization: token, ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}
