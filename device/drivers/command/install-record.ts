import { join } from "node:path";
import { z } from "zod";
import type { Disk } from "../../disk.ts";
import { failureSchema } from "../../failure.ts";
import { parseJsonFile, writeJsonFile } from "../../json-file.ts";

const installed = z.strictObject({
  /** As the image states it; of an image that has not run yet, as it was asked for. */
  version: z.string(),
  /** SHA-256 of the file it was installed from; empty when that is not known. */
  sha256: z.string(),
  /** The maker's name of its slot; absent where the version step tells none. */
  slot: z.string().optional(),
});

const schema = z.strictObject({
  schemaVersion: z.literal(1),
  /** The image to stay on, and to fall back to from a trial. */
  proven: installed,
  /** The image of the other slot while it is on trial. */
  trial: z
    .strictObject({
      image: installed,
      /**
       * `installing`: the maker's installer is at work, or was when the power went; `armed`: the next boot is the trial's;
       * `rebooting`: that boot was ordered; `running`: the image was seen to run.
       */
      phase: z.enum(["installing", "armed", "rebooting", "running"]),
      needsReboot: z.boolean(),
      /** Boots that were ordered, and boots in which it was seen to run. */
      orders: z.int(),
      boots: z.int(),
      /** What the device said of the boot in which the last of these happened. */
      boot: z.string().optional(),
      /** What its last self-test said, when it did not pass. */
      failure: failureSchema.optional(),
    })
    .optional(),
  /** An image that is to be left for the proven one. */
  leaving: z
    .strictObject({
      image: installed,
      needsReboot: z.boolean(),
      /** The rollback step has been done. */
      pointed: z.boolean(),
      tries: z.int(),
      failure: failureSchema.optional(),
    })
    .optional(),
  /** Why the proven image was fallen back to, until that has been noted. */
  fellBack: failureSchema.optional(),
  /** A proven image that the other slot still holds. */
  other: installed.optional(),
  /** Installations of one image that the power, or a kill, has cut off. */
  interrupted: z.strictObject({ sha256: z.string(), times: z.int() }).optional(),
  /** Reboots in a row that were to bring an answer out of a proven image that hangs. */
  resets: z.int(),
  /** SHA-256 of the image the device was born with; empty when that is not known. */
  factorySha256: z.string(),
});

/** What the driver knows of the slots, which are the maker's: the file `installed.json`. */
export type InstallRecord = Readonly<z.infer<typeof schema>>;
/** An image in one of the slots. */
export type InstalledImage = Readonly<z.infer<typeof installed>>;

/** The record on its disk. */
export interface RecordStore {
  /** Absent on the first start, and after a loss, which is told as trouble. */
  load(): Promise<InstallRecord | undefined>;
  /** Rejects when there is none. */
  known(): Promise<InstallRecord>;
  /** Replace it, all or nothing. Rejects once the driver is closed. */
  save(record: InstallRecord): Promise<void>;
}

/** Keep the record in a directory. A file that cannot be read costs what it knew of digests, never the device. */
export function recordStore({
  disk,
  directory,
  signal,
  onTrouble,
}: {
  readonly disk: Disk;
  readonly directory: string;
  /** The driver is closed: what is found out from then on is nothing about the device. */
  readonly signal: AbortSignal;
  readonly onTrouble: (message: string) => void;
}): RecordStore {
  const file = join(directory, "installed.json");

  async function load(): Promise<InstallRecord | undefined> {
    const content = await disk.read(file);
    if (content === undefined) return undefined;
    try {
      return parseJsonFile(content, schema);
    } catch {
      await disk.rename(file, `${file}.broken`);
      onTrouble(`${file} is not used, and kept as ${file}.broken: it is no record this agent knows`);
      return undefined;
    }
  }

  return {
    load,
    async known() {
      const record = await load();
      if (record === undefined) throw new Error(`${file} is not there: boot the driver first`);
      return record;
    },
    async save(record) {
      signal.throwIfAborted();
      await writeJsonFile(disk, file, record);
    },
  };
}
