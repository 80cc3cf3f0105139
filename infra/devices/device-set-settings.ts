import { z } from "zod";
import { deviceSettingsSchema, type DeviceDeclaration, type DeviceSettings } from "./device-settings.ts";

/** What the devices of a set may have of their own, or all in common. */
type Common = Pick<DeviceDeclaration, "authentication" | "status"> &
  Partial<Pick<DeviceDeclaration, "product" | "stratum" | "ring" | "hold">>;

/** A set of devices as a stack declares it: what the set says holds for each device that does not say otherwise. */
export type DeviceSetDeclaration = Common & {
  /** A device, or its id alone where the set says the rest. */
  readonly devices: readonly (string | (Common & { readonly deviceId: string }))[];
  readonly adoptExisting?: boolean;
  readonly forceDelete?: boolean;
};

/** A set, checked. */
export type DeviceSetSettings = z.output<typeof deviceSetSettingsSchema>;

/** One device of a set, complete. */
export type SetMember = Omit<DeviceSettings, "adoptExisting" | "forceDelete" | "exportKeys">;

/** Most devices of one set: each takes about a hundred bytes of the state. */
const MAX_MEMBERS = 10_000;

const { deviceId, product, stratum, ring, hold, authentication, status } = deviceSettingsSchema.shape;

const commonShape = {
  product: product.exactOptional(),
  stratum: stratum.exactOptional(),
  ring,
  hold,
  authentication: authentication.unwrap().exactOptional(),
  status: status.unwrap().exactOptional(),
};

/** Shape of a set's settings, without the hub they belong to. */
export const deviceSetShape = {
  ...commonShape,
  devices: z
    .array(
      z.preprocess(
        (own) => (typeof own === "string" ? { deviceId: own } : own),
        z.strictObject({ deviceId, ...commonShape }),
      ),
    )
    .min(1, "a set without devices: remove the set")
    .max(
      MAX_MEMBERS,
      `a set has at most ${MAX_MEMBERS} devices: divide it, or let the fleet register itself`,
    ),
  /** Take over identities that exist with the same authentication; they are then forgotten, not deleted, at the end. */
  adoptExisting: z.boolean().default(false),
  /** Delete identities even while their devices are connected. */
  forceDelete: z.boolean().default(false),
};

/** Schema of a set's settings. */
export const deviceSetSettingsSchema = z.strictObject(deviceSetShape);

/** What is wrong with a set as a whole, by place. */
export function problemsOfSet(
  settings: DeviceSetSettings,
): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const first = new Map<string, number>();
  return settings.devices.flatMap((own, index) => {
    const problems = (["product", "stratum"] as const)
      .filter((key) => (own[key] ?? settings[key]) === undefined)
      .map((key) => ({
        path: ["devices", index, key],
        message: `${own.deviceId} has no ${key}: declare it here, or for the whole set`,
      }));
    const before = first.get(own.deviceId);
    if (before === undefined) {
      first.set(own.deviceId, index);
      return problems;
    }
    const message = `${own.deviceId} occurs twice, first as devices.${before}: remove one`;
    return [...problems, { path: ["devices", index, "deviceId"], message }];
  });
}

/** The devices of a set, each with what the set says; in the order of their ids, so that order is no change. */
export function membersOf(settings: DeviceSetSettings): readonly SetMember[] {
  return settings.devices
    .map((own): SetMember => {
      const ring = own.ring ?? settings.ring;
      const hold = own.hold ?? settings.hold;
      return {
        deviceId: own.deviceId,
        // Both are there, or the set would have been refused.
        product: own.product ?? settings.product ?? "",
        stratum: own.stratum ?? settings.stratum ?? "",
        ...(ring === undefined ? {} : { ring }),
        ...(hold === undefined ? {} : { hold }),
        authentication: own.authentication ?? settings.authentication ?? { type: "certificateAuthority" },
        status: own.status ?? settings.status ?? "enabled",
      };
    })
    .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
}
