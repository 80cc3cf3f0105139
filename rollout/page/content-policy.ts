import { sha256Hex } from "../model/digest.ts";

/**
 * A Content-Security-Policy under which a page runs its own style and script, named by their digests, and nothing else:
 * no image, no font, no request, but to `connect`. [CSP Level 3]
 */
export function contentPolicy({
  style,
  script,
  connect = "'none'",
}: {
  readonly style: string;
  readonly script: string;
  /** Where the script may connect to; default: nowhere. */
  readonly connect?: "'none'" | "'self'";
}): string {
  const only = (text: string): string => `'sha256-${Buffer.from(sha256Hex(text), "hex").toString("base64")}'`;
  return [
    "default-src 'none'",
    `style-src ${only(style)}`,
    `script-src ${only(script)}`,
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
