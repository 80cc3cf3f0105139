import { createHash } from "node:crypto";

/**
 * Milliseconds a device waits before the first byte of an image, even over the window: its own for each image, and the
 * same whenever it asks, so that the load of a store is spread and a device's wait can be foretold.
 */
export function downloadDelayMs({
  deviceId,
  sha256,
  spreadMs,
}: {
  readonly deviceId: string;
  readonly sha256: string;
  /** Length of the window. */
  readonly spreadMs: number;
}): number {
  const digest = createHash("sha256").update(`${deviceId}\n${sha256}`).digest();
  return Math.floor((digest.readUInt32BE() / 2 ** 32) * spreadMs);
}
