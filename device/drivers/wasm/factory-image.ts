import type { Disk } from "../../disk.ts";
import { systemDisk, writeDurably } from "../../disk.ts";
import { digestOf } from "../image-digest.ts";
import { readBootPointer, slotFile, writeBootPointer } from "./boot-pointer.ts";

/** A simulated device on the production line. */
export interface FactoryOptions {
  /** Directory of the device's slots. */
  readonly stateDirectory: string;
  /** The image it is born with. */
  readonly image: Uint8Array;
  /** Default: the machine's file system. */
  readonly disk?: Disk;
}

/**
 * Put the birth image into slot A and point the first boot at it. A device that has been born already is left alone:
 * true when something was installed.
 */
export async function installFactoryImage({
  stateDirectory,
  image,
  disk = systemDisk,
}: FactoryOptions): Promise<boolean> {
  if ((await readBootPointer(disk, stateDirectory)) !== undefined) return false;
  await writeDurably(disk, slotFile(stateDirectory, "a"), image);
  const factorySha256 = digestOf(image);
  // Last: the pointer is what says that the device is born.
  await writeBootPointer(disk, stateDirectory, {
    schemaVersion: 1,
    slot: "a",
    digests: { a: factorySha256 },
    factorySha256,
  });
  return true;
}
