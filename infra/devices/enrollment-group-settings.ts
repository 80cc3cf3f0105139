import { z } from "zod";
import { deviceSettingsSchema } from "./device-settings.ts";
import { checkBy, hostNameSchema, parseBy, type CheckedInputs } from "./resource-inputs.ts";
import type { Properties } from "./resource-life.ts";

/** An enrollment group as a stack declares it; what has a default may be absent. */
export type EnrollmentGroupDeclaration = Omit<z.input<typeof enrollmentGroupSchema>, "dpsHostName">;

/** An enrollment group, checked. */
export type EnrollmentGroupSettings = z.output<typeof enrollmentGroupSchema>;

const { product, stratum, ring, hold } = deviceSettingsSchema.shape;

/** A certificate is public: it may stand in the stack's file. */
const certificateSchema = z
  .string()
  .regex(
    /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/,
    "one certificate in PEM, as openssl x509 prints it; never a private key",
  )
  .transform((pem) => pem.trim());

/** Name of a certificate that was uploaded to the service and verified. */
const certificateNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9\-._]{1,64}$/, "a certificate's name is 1 to 64 letters, digits or -._");

const attestationSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("caReferences"),
    primary: certificateNameSchema,
    secondary: certificateNameSchema.exactOptional(),
  }),
  z.strictObject({
    type: z.literal("signingCertificates"),
    primary: certificateSchema,
    secondary: certificateSchema.exactOptional(),
  }),
  // The service makes the keys and they stay there: `az iot dps enrollment-group show --keys` reads them.
  z.strictObject({ type: z.literal("symmetricKey") }),
]);

const BUCKET =
  "a bucket cannot be given to a group: every device that registers by it would get the same, and fall into the same percentage waves. Remove it: the device reports its own, or `wavegate enroll` writes it";

/** Schema of a group, without the service it belongs to. */
export const declaredGroupSchema = z.strictObject({
  enrollmentGroupId: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9\-._:]{0,126}[A-Za-z0-9]$/,
      "an id is 2 to 128 letters, digits or -._: with a letter or digit at both ends",
    ),
  attestation: attestationSchema,
  product,
  stratum,
  ring,
  hold,
  /** Hubs that devices may be assigned to; absent: all that are linked to the service. */
  iotHubs: z.array(hostNameSchema).min(1).exactOptional(),
  allocationPolicy: z.enum(["hashed", "geoLatency", "static"]).default("hashed"),
  provisioningStatus: z.enum(["enabled", "disabled"]).default("enabled"),
  /** Whether a device that registers again may move to another hub, and whether its twin moves along. */
  reprovision: z.enum(["never", "keepData", "resetData"]).default("keepData"),
  bucket: z.never({ error: BUCKET }).exactOptional(),
});

const enrollmentGroupSchema = declaredGroupSchema.extend({
  /** Host name of the Device Provisioning Service. */
  dpsHostName: hostNameSchema,
});

/** Check the inputs of a group. */
export function checkGroupInputs(inputs: Properties): CheckedInputs {
  return checkBy(enrollmentGroupSchema, inputs);
}

/** The inputs of a group that is to be made or changed, where everything is known. */
export function parseGroupInputs(inputs: Properties): EnrollmentGroupSettings {
  return parseBy(enrollmentGroupSchema, inputs, "EnrollmentGroup");
}
