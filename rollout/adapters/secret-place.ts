import { readFile } from "node:fs/promises";
import { SourceFailure } from "./source-failure.ts";

/** Where a secret is: settings name the place, and never hold it. */
export type SecretPlace =
  | { readonly file: string }
  /** Name of an environment variable. */
  | { readonly variable: string };

/** Read a token anew: whoever keeps the place renews it. What is said of trouble names the place alone. */
export async function readSecret(
  place: SecretPlace,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const { text: secret, where } = await readPlace(place, environment);
  if (secret === "") throw new SourceFailure("refused", `there is no token in ${where}`);
  // Anything else would be another header, or none [RFC 6750, 2.1].
  if (!/^[\w\-.~+/]+=*$/.test(secret)) throw new SourceFailure("refused", `${where} holds no bearer token`);
  return secret;
}

/** What stands in a place, "" where nothing does, and the place in words. */
export async function readPlace(
  place: SecretPlace,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<{ readonly text: string; readonly where: string }> {
  const text =
    "variable" in place
      ? environment[place.variable]
      : await readFile(place.file, "utf8").catch(() => undefined);
  const where = "variable" in place ? `the variable ${place.variable}` : `the file ${place.file}`;
  return { text: text?.trim() ?? "", where };
}

/** A text of somebody else's, without the secrets that it might repeat, and no longer than a line. */
export function redacted(text: string, secrets: readonly (string | undefined)[]): string {
  const without = secrets.reduce<string>(
    (kept, secret) => (secret === undefined || secret === "" ? kept : kept.replaceAll(secret, "***")),
    text,
  );
  return without.replaceAll(/\s+/g, " ").slice(0, 200);
}
