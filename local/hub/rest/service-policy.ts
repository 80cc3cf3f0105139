import { coversResource, isValidSas, parseSasToken } from "../sas-token.ts";
import { ServiceError } from "../service-error.ts";

/**
 * Who may use the service API: the policy iothubowner, which has all rights. Returns the check of one request, which
 * throws 401 IotHubUnauthorizedAccess and does not tell a stranger why.
 */
export function servicePolicy(hub: {
  readonly hosts: readonly string[];
  readonly keys: readonly string[];
}): (token: string | undefined, path: string) => void {
  return (text, path) => {
    const token = text === undefined ? undefined : parseSasToken(text);
    const isAuthorized =
      token?.policy === "iothubowner" &&
      coversResource(token, { hosts: hub.hosts, path: path.replace(/^\//u, "") }) &&
      isValidSas(token, hub.keys);
    if (!isAuthorized) throw new ServiceError(401, "IotHubUnauthorizedAccess", { message: "Unauthorized" });
  };
}
