import { randomBytes } from "node:crypto";
import { POLICY_NAMES, type PolicyKeys, type PolicyName } from "../access-policy.ts";
import type { HubOptions } from "../hub-options.ts";
import type { DataFolder } from "./data-folder.ts";

/** The name of a hub: that of its data folder, else the one that was asked for, else one of its own. */
export function nameOf({ name }: HubOptions, folder: DataFolder | undefined): string {
  const first = (): string => name ?? `local-${randomBytes(3).toString("hex")}`;
  return folder?.fact("name", first) ?? first();
}

/** The keys of policies: those that were asked for, else those of the data folder, else new ones. */
export function policyKeysOf(
  { policyKeys = {} }: HubOptions,
  folder: DataFolder | undefined,
): HubOptions["policyKeys"] {
  if (folder === undefined) return policyKeys;
  const keysOf = (policy: PolicyName): PolicyKeys => ({
    primaryKey: folder.key(`${policy} primary key`),
    secondaryKey: folder.key(`${policy} secondary key`),
  });
  const pairs = POLICY_NAMES.map((policy) => [policy, policyKeys[policy] ?? keysOf(policy)] as const);
  return Object.fromEntries(pairs); // one pair for each policy
}
