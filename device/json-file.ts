import type { z } from "zod";
import type { Disk } from "./disk.ts";
import { writeDurably } from "./disk.ts";

/** Parse a file's content by a schema; throws when it is not JSON or not of that schema. */
export function parseJsonFile<T>(content: Uint8Array, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(new TextDecoder().decode(content)));
}

/** Replace a file by a value as JSON, all or nothing. */
export async function writeJsonFile(disk: Disk, path: string, value: unknown): Promise<void> {
  await writeDurably(disk, path, new TextEncoder().encode(JSON.stringify(value)));
}
