import { raw } from "hono/html";
import { sha256Hex } from "../model/digest.ts";
import type { Html } from "./markup.ts";

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

/** An element of style or script whose content is, to the byte, the text that a policy names. */
export function inlined(element: "style" | "script", text: string): Html {
  if (text.includes(`</${element}`)) throw new RangeError(`the text would end its own ${element} element`);
  return raw(`<${element}>${text}</${element}>`);
}
