import { createHmac } from "node:crypto";

const HOUR_SECONDS = 3600;

/** A shared access signature made by hand, field by field. */
export function aSasToken({
  key,
  resource,
  expiry = String(Math.floor(Date.now() / 1000) + HOUR_SECONDS),
  policy,
}: {
  readonly key: string;
  /** As it stands in the token and is signed. */
  readonly resource: string;
  readonly expiry?: string;
  readonly policy?: string;
}): string {
  const signature = createHmac("sha256", Buffer.from(key, "base64"))
    .update(`${resource}\n${expiry}`)
    .digest("base64");
  const name = policy === undefined ? "" : `&skn=${policy}`;
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}${name}&se=${expiry}`;
}
