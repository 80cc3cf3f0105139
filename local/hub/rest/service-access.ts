import { grantingPolicy, type AccessPolicies } from "../access-policy.ts";
import { roleCheck, type IsAllowed } from "../data-action.ts";
import { checkEntraTrust, readEntraToken, type EntraTrust } from "../entra-token.ts";
import { parseSasToken } from "../sas-token.ts";
import { ServiceError, unauthorized } from "../service-error.ts";
import type { RouteAccess } from "./route-access.ts";

/** Bearer tokens that the service API takes, and what their roles allow. */
export type EntraOptions = EntraTrust & {
  /** Roles beside the built-in ones: a name and its data actions, where `*` stands for anything. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
};

/** What is known of a request before it is read any further. */
export interface AccessRequest {
  /** The header of that name. */
  readonly authorization: string | undefined;
  readonly method: string;
  readonly path: string;
  /** What the route takes; undefined where there is no route, which anybody of the service side may be told. */
  readonly access: RouteAccess | undefined;
}

/** Who asks, when the service API is theirs to use for this; throws 401 otherwise. */
export type ServiceAccess = (request: AccessRequest) => string;

/** What the service API checks its callers with. */
export interface ServiceAccessOptions {
  readonly hosts: readonly string[];
  readonly policies: AccessPolicies;
  readonly tokenSkewMs: number;
  /** Bearer tokens are refused without it. */
  readonly entra: EntraOptions | undefined;
}

/** The rights of which any one makes a caller of the service side. */
const SERVICE_RIGHTS = ["ServiceConnect", "RegistryRead", "RegistryWrite"] as const;

/** The check of every request to the service API: a policy's signature, or a bearer token [facts 4.4]. */
export function serviceAccess(options: ServiceAccessOptions): ServiceAccess {
  const { entra } = options;
  if (entra !== undefined) checkEntraTrust(entra);
  const isAllowed = roleCheck(entra?.roles);
  return (request) => {
    const bearer = /^Bearer (.+)$/iu.exec(request.authorization ?? "")?.[1];
    if (bearer === undefined || entra === undefined) return policyOf(request, options);
    return principalOf(request, { bearer, entra, skewMs: options.tokenSkewMs, isAllowed });
  };
}

function policyOf(
  { authorization = "", path, access }: AccessRequest,
  options: ServiceAccessOptions,
): string {
  const token = parseSasToken(authorization);
  if (token === undefined) throw unauthorized();
  const check = { ...options, path: resourceOf(path), skewMs: options.tokenSkewMs };
  for (const right of access === undefined ? SERVICE_RIGHTS : [access.right]) {
    const policy = grantingPolicy(token, { ...check, right });
    if (policy !== undefined) return policy.name;
  }
  throw unauthorized();
}

function principalOf(
  { method, path, access }: AccessRequest,
  {
    bearer,
    entra,
    skewMs,
    isAllowed,
  }: { bearer: string; entra: EntraOptions; skewMs: number; isAllowed: IsAllowed },
): string {
  const principal = readEntraToken(bearer, { trust: entra, skewMs });
  if (principal === undefined) throw unauthorized();
  if (access?.actions.every((action) => isAllowed(principal.roles, action)) === false) {
    // Azure's words; 401 and not 403 [Azure/azure-iot-sdk-csharp#3344, an UnauthorizedException].
    throw new ServiceError(401, "IotHubUnauthorized", {
      message: `Principal ${principal.name} is not authorized for ${method} on ${path} due to no assigned permissions`,
    });
  }
  return principal.name;
}

/** A path as tokens name it: without the first slash, each segment decoded once, as the ids in it are. */
function resourceOf(path: string): string {
  return path.slice(1).split("/").map(decodedSegment).join("/");
}

function decodedSegment(segment: string): string {
  try {
    const decoded = decodeURIComponent(segment);
    return decoded.includes("/") ? segment : decoded;
  } catch {
    return segment; // the router refuses it
  }
}
