import { randomFillSync } from "node:crypto";

/** Whether a text is a key as the service takes them: base64 of 16 to 64 bytes [facts 2.4]. */
export function isSymmetricKey(text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= 16 && bytes.length <= 64 && bytes.toString("base64") === text;
}

const KEY_BYTES = 32;
/** Random bytes are asked for by the pool: a call for each key would be most of the cost of a registration. */
const pool = Buffer.alloc(KEY_BYTES * 256);
let used = pool.length;

/** A symmetric key as the service makes them: 32 random bytes, base64. */
export function generatedKey(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const key = pool.toString("base64", used, used + KEY_BYTES);
  // What was given away does not stay behind.
  pool.fill(0, used, used + KEY_BYTES);
  used += KEY_BYTES;
  return key;
}
