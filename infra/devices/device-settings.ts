import { z } from "zod";

/**
 * How a device signs in, in the hub's own words. No variant holds a key: with `sas` the hub makes the keys and they
 * stay there, unless `exportKeys` asks for them.
 */
export type DeviceAuthentication = z.output<typeof authenticationSchema>;

/** A device identity as a stack declares it; what has a default may be absent. */
export type DeviceDeclaration = z.input<typeof deviceSettingsSchema>;

/** A declared device identity, checked. */
export type DeviceSettings = z.output<typeof deviceSettingsSchema>;

/** SHA-1 or SHA-256 of the certificate. Upper case, as the hub stores it, so that spelling never looks like drift. */
const thumbprintSchema = z
  .string()
  .regex(
    /^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/,
    "a thumbprint is 40 or 64 hex digits, nothing between them: openssl x509 -in device.pem -noout -fingerprint | tr -d :",
  )
  .transform((text) => text.toUpperCase());

const authenticationSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("certificateAuthority") }),
  z.strictObject({
    type: z.literal("selfSigned"),
    primaryThumbprint: thumbprintSchema,
    secondaryThumbprint: thumbprintSchema.exactOptional(),
  }),
  z.strictObject({ type: z.literal("sas") }),
]);

/** Text that target conditions and queries take inside quotes, less the quote itself [IoT Hub: target conditions]. */
const tagSchema = z
  .string()
  .regex(/^[A-Za-z0-9\-:.+%_#*?!(),=@;$]{1,64}$/, "1 to 64 letters, digits or -:.+%_#*?!(),=@;$");

/** Schema of a declared device identity. */
export const deviceSettingsSchema = z.strictObject({
  /** Name in the hub's registry [IoT Hub: identity registry, deviceId]. */
  deviceId: z
    .string()
    .regex(
      /^[A-Za-z0-9\-.%_*?!(),:=@$']{1,128}$/,
      "a device id is 1 to 128 letters, digits or -.%_*?!(),:=@$'",
    )
    // No object of a state can have a field of this name.
    .refine((id) => id !== "__proto__", "no device can be called __proto__ here"),
  /** Product whose firmware the device takes: the tag `product`. */
  product: z
    .string()
    .max(40)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "a product is lower-case words joined by single dashes"),
  /** Devices that may fail together: hardware revision, lot, site, carrier. */
  stratum: tagSchema,
  /** Ring for the first wave; absent: in none. */
  ring: tagSchema.exactOptional(),
  /** true: in no release until it is let go; false: let go by whomever it is held; absent: as others have it. */
  hold: z.boolean().exactOptional(),
  authentication: authenticationSchema.default({ type: "certificateAuthority" }),
  status: z.enum(["enabled", "disabled"]).default("enabled"),
  /** Make the keys that the hub gave the device outputs of the resource, as secrets; only with `sas`. */
  exportKeys: z.boolean().default(false),
  /** Take over an identity that exists with the same authentication; it is then forgotten, not deleted, at the end. */
  adoptExisting: z.boolean().default(false),
  /** Delete the identity even while its device is connected. */
  forceDelete: z.boolean().default(false),
});

/** What of a device's settings does not go together, by the key that is to be changed. */
export function contradictionIn({
  exportKeys,
  authentication,
}: Pick<DeviceSettings, "exportKeys" | "authentication">):
  { readonly key: string; readonly message: string } | undefined {
  if (!exportKeys || authentication.type === "sas") return undefined;
  const message = `there are no keys to export, the device signs in by ${authentication.type}: remove it, or declare authentication: { type: sas }`;
  return { key: "exportKeys", message };
}
