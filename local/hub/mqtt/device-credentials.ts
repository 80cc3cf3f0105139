import type { Device } from "../device.ts";
import { coversResource, isValidSas, parseSasToken, refusedFrom } from "../sas-token.ts";

/** What a CONNECT packet says about who connects. */
export interface Credentials {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly password: string | undefined;
}

/**
 * Check a device's credentials: client id, user name and token must name the same enabled device of this hub, and one
 * of its keys must have signed [facts 5.1]. Returns the instant (real time) from which the token is refused, or
 * undefined: why is not told to a stranger.
 */
export function authenticateDevice(
  { clientId, userName = "", password = "" }: Credentials,
  { hosts, find }: { hosts: readonly string[]; find: (deviceId: string) => Device | undefined },
): number | undefined {
  // `{host}/{device}/?api-version=…`, also without the question mark.
  const [host = "", deviceId = "", ...rest] = userName.split("/");
  const isNamed =
    hosts.includes(host.toLowerCase().replace(/:\d+$/u, "")) &&
    deviceId === clientId &&
    /^\??api-version=/u.test(rest.join("/"));
  const token = parseSasToken(password);
  const device = find(clientId);
  if (!isNamed || token === undefined || device === undefined || device.status === "disabled")
    return undefined;
  const isScoped = coversResource(token, { hosts, path: `devices/${clientId}` });
  const isSigned = token.policy === undefined && isValidSas(token, [device.primaryKey, device.secondaryKey]);
  return isScoped && isSigned ? refusedFrom(token) : undefined;
}
