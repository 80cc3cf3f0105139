import { z } from "zod";
import { isThumbprint, SAS, type Authentication } from "../authentication.ts";
import { argumentInvalid } from "../service-error.ts";
import { isSymmetricKey } from "../symmetric-key.ts";

/** Blank means "keep or generate" [facts 2.4]. */
const key = z
  .string()
  .refine((text) => text === "" || isSymmetricKey(text), "must be base64 of 16 to 64 bytes")
  .nullish();

const thumbprint = z
  .string()
  .refine(
    (text) => text === "" || isThumbprint(text),
    "must be the SHA-1 or SHA-256 of a certificate: 40 or 64 hexadecimal digits, nothing between them",
  )
  .nullish();

/** The `authentication` of an identity, as callers send it [facts 2.4]. */
export const authenticationBody = z
  .object({
    type: z.enum(["sas", "selfSigned", "certificateAuthority", "none"]).nullish(),
    symmetricKey: z.object({ primaryKey: key, secondaryKey: key }).nullish(),
    x509Thumbprint: z.object({ primaryThumbprint: thumbprint, secondaryThumbprint: thumbprint }).nullish(),
  })
  .nullish();

/** How the device is to authenticate; a body without a type means what the SDK would make of it. */
export function authenticationFrom(body: z.infer<typeof authenticationBody>): Authentication {
  const primaryThumbprint = body?.x509Thumbprint?.primaryThumbprint || undefined;
  const secondaryThumbprint = body?.x509Thumbprint?.secondaryThumbprint || undefined;
  const hasThumbprint = primaryThumbprint !== undefined || secondaryThumbprint !== undefined;
  const type = body?.type ?? (hasThumbprint ? "selfSigned" : "sas");
  if (type === "selfSigned") {
    if (!hasThumbprint)
      throw argumentInvalid(
        "authentication.x509Thumbprint has neither thumbprint: a selfSigned device needs one",
      );
    return { type, primaryThumbprint, secondaryThumbprint };
  }
  return type === "sas" ? SAS : { type };
}
