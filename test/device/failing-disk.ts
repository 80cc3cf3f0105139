import type { Disk } from "../../device/disk.ts";
import { systemDisk } from "../../device/disk.ts";

/** What a test sees instead of the operation during which the power went. */
export class PowerCut extends Error {}

/** A disk whose power goes at a chosen operation. */
export interface FailingDisk extends Disk {
  /** Operations that change something, so far. */
  readonly operations: () => number;
}

/**
 * The real disk, until its power goes during the operation with that number (the first is 0): a write is cut in half, a
 * file that was not finished loses what was written to it, a rename has not happened or has, and nothing works after.
 */
export function failingDisk(options: { readonly at: number; readonly renameHappens?: boolean }): FailingDisk {
  let operations = 0;
  let dead = false;

  async function change(act: () => Promise<void>, half: () => Promise<void>): Promise<void> {
    if (dead) throw new PowerCut("the power is off");
    if (operations++ !== options.at) return act();
    dead = true;
    await half();
    throw new PowerCut(`the power went at operation ${options.at}`);
  }

  return {
    operations: () => operations,
    read(path) {
      if (dead) throw new PowerCut("the power is off");
      return systemDisk.read(path);
    },
    async create(path) {
      const file = await systemDisk.create(path);
      const close = (): Promise<void> => file.abandon();
      await change(() => Promise.resolve(), close);
      return {
        write: (chunk) =>
          change(
            () => file.write(chunk),
            async () => {
              await file.write(chunk.subarray(0, chunk.length / 2));
              await close();
            },
          ),
        finish: () =>
          change(
            () => file.finish(),
            async () => {
              await close();
              await (await systemDisk.create(path)).finish();
            },
          ),
        // With the power off the file is closed already.
        abandon: () => (dead ? Promise.resolve() : close()),
      };
    },
    rename: (from, to) =>
      change(
        () => systemDisk.rename(from, to),
        () => (options.renameHappens === true ? systemDisk.rename(from, to) : Promise.resolve()),
      ),
  };
}
