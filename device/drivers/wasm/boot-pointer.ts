import { join } from "node:path";
import { z } from "zod";
import type { Disk } from "../../disk.ts";
import { failureSchema } from "../../failure.ts";
import { parseJsonFile, writeJsonFile } from "../../json-file.ts";

/** The two places for an image. */
export type Slot = "a" | "b";

const slot = z.enum(["a", "b"]);
const schema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Slot to boot, and to fall back to from a trial. */
  slot,
  /** A slot that has not proven itself, and how often it was started. */
  trial: z.strictObject({ slot, boots: z.int().min(0) }).optional(),
  /** Why the slot was fallen back to, until that has been noted. */
  fellBack: failureSchema.optional(),
  /** SHA-256 of what each slot was verified to hold; absent: not known since it was written. */
  digests: z.strictObject({ a: z.string().optional(), b: z.string().optional() }).default({}),
  /** SHA-256 of the image the device was born with. */
  factorySha256: z.string(),
});

/** What decides which slot boots. */
export type BootPointer = Readonly<z.infer<typeof schema>>;

/** The slot that is not this one. */
export function otherSlot(slot: Slot): Slot {
  return slot === "a" ? "b" : "a";
}

/** File of a slot's image. */
export function slotFile(directory: string, slot: Slot): string {
  return join(directory, `slot-${slot}.wasm`);
}

/** Read the pointer; absent on a device that never got its birth image. */
export async function readBootPointer(disk: Disk, directory: string): Promise<BootPointer | undefined> {
  const file = pointerFile(directory);
  const content = await disk.read(file);
  if (content === undefined) return undefined;
  try {
    return parseJsonFile(content, schema);
  } catch (error) {
    throw new Error(
      `${file} is not a boot pointer this agent knows; install the factory image into an empty directory`,
      { cause: error },
    );
  }
}

/** Replace the pointer, all or nothing. */
export async function writeBootPointer(disk: Disk, directory: string, pointer: BootPointer): Promise<void> {
  await writeJsonFile(disk, pointerFile(directory), pointer);
}

function pointerFile(directory: string): string {
  return join(directory, "boot.json");
}
