import { z } from "zod";
import type { SecretPlace } from "../../adapters/secret-place.ts";
import { isSafeAddress } from "../../adapters/safe-address.ts";

// Values that sources of metrics and channels of notifications have in common.

/** An address without secrets in it, over TLS unless it is this machine's. */
export const address = z
  .url({ protocol: /^https?$/, error: "an https address" })
  .refine((text) => {
    const url = URL.parse(text);
    return url === null || isSafeAddress(url);
  }, "an https address: only this machine may be asked without TLS")
  .refine((text) => {
    const url = URL.parse(text);
    return (
      url === null || (url.username === "" && url.password === "" && url.search === "" && url.hash === "")
    );
  }, "nothing but host and path: a token has a place of its own, `token`");

/** Name of a variable of the environment. */
export const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "name of an environment variable");

/** Where a secret is, never the secret itself; `what` names it for people. */
export function secretPlace(what: string): z.ZodType<SecretPlace> {
  const meaning = `where the ${what} is: { file } or { variable }, never the ${what} itself`;
  return z
    .strictObject(
      {
        file: z.string().exactOptional().describe("The file that holds it; from the settings file's folder."),
        variable: variableName.exactOptional().describe("The environment variable that holds it."),
      },
      meaning,
    )
    .transform(({ file, variable }, context): SecretPlace => {
      if (file !== undefined && variable === undefined) return { file };
      if (file === undefined && variable !== undefined) return { variable };
      context.addIssue({ code: "custom", message: meaning });
      return z.NEVER;
    });
}

/** Certificates of whoever is asked or told. */
export const caFile = z
  .string()
  .exactOptional()
  .describe("Certificates to trust beside the system's, as PEM; from the settings file's folder.");
