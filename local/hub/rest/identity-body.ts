import { z } from "zod";
import type { IdentityChange } from "../device-entry.ts";
import type { Device, NewDevice } from "../device.ts";
import { notImplemented } from "../service-error.ts";
import { generatedKey } from "../symmetric-key.ts";
import { authenticationBody, authenticationFrom } from "./authentication-body.ts";

/** What becomes of keys that an update leaves blank; undocumented [facts 9, G]. */
export type BlankKeys = "keep" | "regenerate";

/** The members of an identity that callers choose, of a device or a module [facts 2.4]. */
export const identityMembers = {
  status: z.enum(["enabled", "disabled"]).nullish(),
  statusReason: z.string().max(128).nullish(),
  authentication: authenticationBody,
  capabilities: z.object({ iotEdge: z.boolean().nullish() }).nullish(),
};

/** An identity as it was written, without the ids. */
export type WrittenIdentity = Required<Pick<NewDevice, "authentication" | "status">> &
  Pick<NewDevice, "primaryKey" | "secondaryKey" | "statusReason">;

/** Take the members apart; blank keys are absent. */
export function identityFrom(members: z.infer<z.ZodObject<typeof identityMembers>>): WrittenIdentity {
  const { authentication, capabilities, status, statusReason } = members;
  if (capabilities?.iotEdge === true) throw notImplemented("IoT Edge devices");
  const keys = authentication?.symmetricKey;
  return {
    status: status ?? "enabled",
    authentication: authenticationFrom(authentication),
    ...(statusReason ? { statusReason } : {}),
    ...(keys?.primaryKey ? { primaryKey: keys.primaryKey } : {}),
    ...(keys?.secondaryKey ? { secondaryKey: keys.secondaryKey } : {}),
  };
}

/** What an update makes of an identity. */
export function identityChange(
  before: Device,
  written: WrittenIdentity,
  blankKeys: BlankKeys,
): IdentityChange {
  // Blank keys are kept, but not those of a time before the device had another proof [G].
  const isKept = blankKeys === "keep" && before.authentication.type === written.authentication.type;
  return {
    authentication: written.authentication,
    primaryKey: written.primaryKey ?? (isKept ? before.primaryKey : generatedKey()),
    secondaryKey: written.secondaryKey ?? (isKept ? before.secondaryKey : generatedKey()),
    status: written.status,
    statusReason: written.statusReason,
  };
}
