import { generatedKey } from "./symmetric-key.ts";
import { coversResource, isValidSas, type SasToken } from "./sas-token.ts";
import { isSymmetricKey } from "./symmetric-key.ts";

/** What a shared access policy may allow. */
export type AccessRight = "RegistryRead" | "RegistryWrite" | "ServiceConnect" | "DeviceConnect";

/** The policies that every hub has from the start [facts 4.4]. */
const RIGHTS = {
  iothubowner: ["RegistryRead", "RegistryWrite", "ServiceConnect", "DeviceConnect"],
  service: ["ServiceConnect"],
  device: ["DeviceConnect"],
  registryRead: ["RegistryRead"],
  registryReadWrite: ["RegistryRead", "RegistryWrite"],
} as const satisfies Record<string, readonly AccessRight[]>;

/** Name of a shared access policy. */
export type PolicyName = keyof typeof RIGHTS;

/** The names of all policies. */
export const POLICY_NAMES = Object.keys(RIGHTS) as readonly PolicyName[]; // the keys of a constant

/** The two keys of a policy, either of which signs. */
export interface PolicyKeys {
  /** Base64 of 16 to 64 bytes. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** A shared access policy: whoever has one of its keys has its rights. */
export interface AccessPolicy extends PolicyKeys {
  readonly name: PolicyName;
  readonly rights: readonly AccessRight[];
}

/** The policies of a hub, by name. */
export type AccessPolicies = Readonly<Record<PolicyName, AccessPolicy>>;

/** The policies of a new hub; keys left out are generated. */
export function createPolicies(keys: Readonly<Partial<Record<PolicyName, PolicyKeys>>> = {}): AccessPolicies {
  const policy = (name: PolicyName): AccessPolicy => {
    const { primaryKey = generatedKey(), secondaryKey = generatedKey() } = keys[name] ?? {};
    if (!isSymmetricKey(primaryKey) || !isSymmetricKey(secondaryKey))
      throw new RangeError(`policyKeys.${name}: both keys must be base64 of 16 to 64 bytes`);
    return { name, rights: RIGHTS[name], primaryKey, secondaryKey };
  };
  return {
    iothubowner: policy("iothubowner"),
    service: policy("service"),
    device: policy("device"),
    registryRead: policy("registryRead"),
    registryReadWrite: policy("registryReadWrite"),
  };
}

/** What a token of a policy is held against. */
export interface PolicyCheck {
  readonly policies: AccessPolicies;
  readonly hosts: readonly string[];
  /** What the token is used for: a path without the first slash, and the right that it takes. */
  readonly path: string;
  readonly right: AccessRight;
  readonly skewMs: number;
}

/** The policy that signed a token, when it has the right and the token covers the path; else undefined. */
export function grantingPolicy(
  token: SasToken,
  { policies, hosts, path, right, skewMs }: PolicyCheck,
): AccessPolicy | undefined {
  const policy = isPolicyName(token.policy) ? policies[token.policy] : undefined;
  if (!policy?.rights.includes(right) || !coversResource(token, { hosts, path })) return undefined;
  return isValidSas(token, { keys: [policy.primaryKey, policy.secondaryKey], skewMs }) ? policy : undefined;
}

// Not `in`: every object has a `constructor`.
function isPolicyName(name: string | undefined): name is PolicyName {
  return name !== undefined && Object.hasOwn(RIGHTS, name);
}
