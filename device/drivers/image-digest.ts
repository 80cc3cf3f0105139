import { createHash } from "node:crypto";

/** SHA-256 of an image, lower-case hex. */
export function digestOf(image: Uint8Array): string {
  return createHash("sha256").update(image).digest("hex");
}
