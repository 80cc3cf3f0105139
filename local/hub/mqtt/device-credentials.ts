import { grantingPolicy, type AccessPolicies } from "../access-policy.ts";
import type { Thumbprints } from "../authentication.ts";
import type { Device } from "../device.ts";
import { coversResource, isValidSas, parseSasToken, refusedFrom } from "../sas-token.ts";
import type { ClientCertificate } from "./client-certificate.ts";

/** What a connection and its CONNECT packet say about who connects. */
export interface Credentials {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly password: string | undefined;
  /** Presented in the TLS handshake. */
  readonly certificate: ClientCertificate | undefined;
}

/** What of a device, or of a module, its credentials are held against. */
export type DeviceIdentity = Pick<Device, "authentication" | "primaryKey" | "secondaryKey" | "status">;

/** What credentials are checked with. */
export interface CredentialCheck {
  /** Names of this hub that devices may use. */
  readonly hosts: readonly string[];
  readonly policies: AccessPolicies;
  readonly tokenSkewMs: number;
  /** The identity of a device, or of a module when one is named. */
  readonly find: (deviceId: string, moduleId: string | undefined) => DeviceIdentity | undefined;
}

/**
 * Check a device's credentials: client id and user name must name the same enabled device, or module, of this hub, and
 * a token or a certificate must prove it in the way that was registered [facts 4.4, 5.1]. Returns the instant (real
 * time) from which the proof is refused, or undefined: why is not told to a stranger.
 */
export function authenticateDevice(credentials: Credentials, check: CredentialCheck): number | undefined {
  const { clientId, userName = "", password = "", certificate } = credentials;
  // `{device}` or `{device}/{module}` [facts 2.6]; no id has a slash in it.
  const [deviceId = "", moduleId, ...excess] = clientId.split("/");
  if (excess.length > 0 || moduleId === "" || !isUserName(userName, clientId, check.hosts)) return undefined;
  const identity = check.find(deviceId, moduleId);
  if (identity === undefined || identity.status === "disabled") return undefined;
  const path = moduleId === undefined ? `devices/${deviceId}` : `devices/${deviceId}/modules/${moduleId}`;
  const { authentication } = identity;
  switch (authentication.type) {
    case "sas":
    case "none":
      return tokenLimit({ password, path, identity }, check);
    case "selfSigned":
      // A password beside a certificate is refused: whoever is registered for one proof has no use for another [G].
      return password === "" && certificate !== undefined && hasThumbprint(certificate, authentication)
        ? certificateLimit(certificate)
        : undefined;
    case "certificateAuthority":
      return password === "" && certificate?.isFromAuthority === true && certificate.commonName === deviceId
        ? certificateLimit(certificate)
        : undefined;
  }
}

/** `{host}/{clientId}/?api-version=…`, also without the question mark. */
function isUserName(userName: string, clientId: string, hosts: readonly string[]): boolean {
  const host = userName.split("/", 1)[0] ?? "";
  const rest = userName.slice(host.length + 1);
  return (
    hosts.includes(host.toLowerCase().replace(/:\d+$/u, "")) &&
    rest.startsWith(`${clientId}/`) &&
    /^\??api-version=/u.test(rest.slice(clientId.length + 1))
  );
}

/** A token of the device's own key, or of a policy that may connect devices. */
function tokenLimit(
  { password, path, identity }: { password: string; path: string; identity: DeviceIdentity },
  { hosts, policies, tokenSkewMs: skewMs }: CredentialCheck,
): number | undefined {
  const token = parseSasToken(password);
  if (token === undefined) return undefined;
  const isProof =
    token.policy === undefined
      ? identity.authentication.type === "sas" &&
        coversResource(token, { hosts, path }) &&
        isValidSas(token, { keys: [identity.primaryKey, identity.secondaryKey], skewMs })
      : grantingPolicy(token, { policies, hosts, path, right: "DeviceConnect", skewMs }) !== undefined;
  return isProof ? refusedFrom(token, skewMs) : undefined;
}

function hasThumbprint({ sha1, sha256 }: ClientCertificate, known: Thumbprints): boolean {
  // Thumbprints are no secrets: what proves the device is the key, which TLS has checked.
  return [known.primaryThumbprint, known.secondaryThumbprint].some((thumbprint) =>
    [sha1, sha256].includes(thumbprint?.toUpperCase() ?? ""),
  );
}

/** Dates are checked here for all certificates: TLS does not, for those that lead to no authority. */
function certificateLimit({ validFrom, validUntil }: ClientCertificate): number | undefined {
  const now = Date.now();
  return validFrom <= now && now < validUntil ? validUntil : undefined;
}
