import { createHash } from "node:crypto";

/** Number of buckets devices are spread over: one is 0.0001% of a fleet. */
export const BUCKET_COUNT = 1_000_000;

/**
 * Bucket of any text: the first six bytes of its SHA-256 (UTF-8), big-endian, modulo a million. Six bytes fit a double
 * exactly; the bias of the modulo is below 4e-9.
 */
export function bucketOf(text: string): number {
  return createHash("sha256").update(text, "utf8").digest().readUIntBE(0, 6) % BUCKET_COUNT;
}
