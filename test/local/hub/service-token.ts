import type { LocalHub, PolicyName } from "../../../local/hub/hub.ts";
import { aSasToken } from "./raw-connect.ts";

/** The headers of a caller with a policy's token. */
export function authorized(hub: LocalHub, policy: PolicyName = "service"): { Authorization: string } {
  const { primaryKey } = hub.policies[policy];
  return { Authorization: aSasToken({ key: primaryKey, resource: hub.hostName, policy }) };
}
